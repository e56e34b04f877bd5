//! An SQS that runs elsewhere. The tests' own is another gateway's, which has the queues and gives nobody their messages: a filter stands before
//! its function.

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::{TcpListener, TcpStream};
use websocket_gateway::{Gateway, Level};

use super::comparison::moto;
use super::{Queue, TEMPLATE, batch};
use crate::support::{Client, in_time, options, options_with, start};

const QUEUES_ONLY: &str = "tests/templates/unplayed-queues.yaml";

/// The access key id that every gateway gives to its functions, and somebody else's of the same length.
const OF_GATEWAYS: &str = "AKIALOCALGATEWAY0000";
const OF_A_USER: &str = "AKIAUSER000000000000";

/// Stands before a gateway that plays another server, and changes the key of each request: that gateway would take it for one of its own, and its
/// signature for a forged one. Returns the URL.
async fn with_other_keys(url: &str) -> String {
    let target = url.trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(&target).await.unwrap();
            tokio::spawn(pass_on(client, server));
        }
    });
    format!("http://{address}")
}

async fn pass_on(client: TcpStream, server: TcpStream) {
    let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
        (client.into_split(), server.into_split());
    let requests = async {
        let mut bytes = vec![0; 64 * 1024];
        // The head of a request comes in one piece.
        while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
            let piece = std::str::from_utf8(&bytes[..count]).unwrap().replace(OF_GATEWAYS, OF_A_USER);
            to_server.write_all(piece.as_bytes()).await.unwrap();
        }
    };
    tokio::select! {
        () = requests => {}
        _ = copy(&mut from_server, &mut to_client) => {}
    }
}

/// A function sends a message, and the queue's function gets it.
async fn a_message_goes_round(gateway: &Gateway) {
    let mut happenings = gateway.happenings(Level::Info);
    let mut client = Client::connect(gateway, "").await;
    client.send(r#"{"do":{"enqueue":"for the worker"}}"#).await;
    let id = client.hear().await;
    let batch = batch(&mut happenings, "Worker").await;
    assert_eq!((batch.messages, batch.failed.len(), batch.error), (1, 0, None));
    let event = String::from_utf8(batch.event.to_vec()).unwrap();
    assert!(event.contains(&id) && event.contains("for the worker"), "{event}");
    let jobs = Queue::named(gateway, "templates-Jobs").await;
    in_time("the deletion", async { while jobs.counts().await != ["0", "0"] {} }).await;
}

#[tokio::test]
async fn a_message_goes_through_a_queue_that_is_elsewhere_to_another_function() {
    let elsewhere = start(options(QUEUES_ONLY)).await;
    let endpoint = with_other_keys(elsewhere.sqs_url()).await;
    let gateway = start(options_with(QUEUES_ONLY, &[("Filter", "no")]).sqs_endpoint(&endpoint)).await;
    assert_eq!(gateway.sqs_url(), endpoint);
    let url = format!("{}/123456789012/templates-Jobs", elsewhere.sqs_url());
    assert!(gateway.api().queues.iter().any(|queue| queue.url == url));
    a_message_goes_round(&gateway).await;
    // Nothing of it is the other's own.
    assert_eq!(Queue::named(&elsewhere, "templates-Jobs").await.counts().await, ["0", "0"]);
    gateway.stop().await;
    elsewhere.stop().await;
}

#[tokio::test]
#[ignore = "needs moto_server: pip install 'moto[server]'"]
async fn queues_are_made_where_they_are_missing_with_their_dead_letter_queues() {
    let (_process, url) = moto().await;
    let gateway = start(options(TEMPLATE).sqs_endpoint(&url)).await;
    let jobs = Queue::named(&gateway, "templates-Jobs").await;
    let attributes = jobs.sqs.get_queue_attributes().queue_url(&jobs.url).attribute_names("All".into());
    let attributes = attributes.send().await.unwrap().attributes.unwrap();
    let of = |name: &str| attributes[&name.into()].clone();
    assert_eq!(of("VisibilityTimeout"), "120");
    assert!(of("RedrivePolicy").contains(":templates-Dead"), "{}", of("RedrivePolicy"));
    a_message_goes_round(&gateway).await;
    gateway.stop().await;
}
