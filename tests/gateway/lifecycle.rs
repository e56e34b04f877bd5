//! How connections end: by `@connections`, with a gateway that stops, and with clients that don't read or don't hang up.

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use websocket_gateway::{Gateway, Invocations};

use crate::support::{Client, Gate, Refused, connection_url, event_of, post, probe};

const LARGEST: usize = 128 * 1024;

/// Posts to a client that does not read, until that is refused: how many posts were accepted. The system's buffers take some, then the
/// connection's own buffer fills.
async fn fill(url: &str) -> usize {
    let message = "x".repeat(LARGEST);
    for accepted in 0..1000 {
        let status = post(url, "POST", &message).await;
        if status != 200 {
            assert_eq!(status, 429);
            return accepted;
        }
    }
    panic!("the gateway buffers without a limit");
}

async fn assert_disconnected(gateway: &Gateway, invocations: &mut Invocations, id: &str, code: u16) {
    let event = event_of(invocations, "$disconnect").await;
    assert_eq!(event["requestContext"]["connectionId"], id);
    assert_eq!(event["requestContext"]["disconnectStatusCode"], code);
    assert_eq!(post(&connection_url(gateway, id), "POST", "hello").await, 410);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_throttled_and_what_was_posted_before_a_delete_still_arrives() {
    let gateway = probe().await;
    let mut invocations = gateway.invocations();
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let url = connection_url(&gateway, &id);
    let posted = fill(&url).await;
    // Only this client is throttled.
    let (mut other, other_id) = Client::connect_and_ask_for_its_id(&gateway).await;
    assert_eq!(post(&connection_url(&gateway, &other_id), "POST", "hello").await, 200);
    assert_eq!(other.hear().await, "hello");

    assert_eq!(post(&url, "DELETE", "").await, 204);
    assert_eq!(post(&url, "POST", "too late").await, 410);
    for n in 0..posted {
        assert_eq!(client.hear().await.len(), LARGEST, "message {n} of {posted}");
    }
    assert_eq!(client.hear_close().await.0, 1000);
    assert_disconnected(&gateway, &mut invocations, &id, 1000).await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_client_that_never_reads_can_still_be_closed() {
    let gateway = probe().await;
    let mut invocations = gateway.invocations();
    let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let url = connection_url(&gateway, &id);
    fill(&url).await;
    assert_eq!(post(&url, "DELETE", "").await, 204);
    assert_disconnected(&gateway, &mut invocations, &id, 1000).await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_gateway_that_stops_refuses_clients_and_closes_its_connections() {
    let gateway = probe().await;
    let gate = Gate::new().await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let (url, connection) = (gateway.url(), connection_url(&gateway, &id));
    client.send(gate.message()).await;
    let working = gate.visitor().await;
    tokio::join!(gateway.stop(), async {
        assert_eq!(client.hear_close().await, (1001, "Going away".to_owned()));
        assert_eq!(post(&connection, "POST", "hello").await, 410);
        assert_eq!(Client::try_connect(&url, &[]).await.err(), Some(Refused(503)));
        drop(working);
    });
}

#[tokio::test]
async fn no_task_is_left_when_a_gateway_has_stopped() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    let gateway = probe().await;
    let gate = Gate::new().await;
    // A client that does not answer the close frame, and whose function has not answered it.
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    client.send(gate.message()).await;
    let _working = gate.visitor().await;
    // Others stop in the middle of a request, on both ports.
    let mut others = Vec::new();
    for url in [connection_url(&gateway, &id), gateway.dynamodb_url().to_owned()] {
        let address = url.trim_start_matches("http://").split('/').next().unwrap().to_owned();
        for half in ["", "POST / HT", "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\nhalf"] {
            let mut other = TcpStream::connect(&address).await.unwrap();
            other.write_all(half.as_bytes()).await.unwrap();
            others.push(other);
        }
    }
    // The gateway has accepted them when it answers this.
    assert_eq!(post(&connection_url(&gateway, &id), "POST", "hello").await, 200);
    assert!(tasks() > before + others.len());
    gateway.stop().await;
    assert_eq!(tasks(), before);
}

#[tokio::test]
async fn from_the_clients_close_frame_on_the_connection_is_gone() {
    let gateway = probe().await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    client.send_frame(Message::Close(None)).await;
    assert_eq!(client.try_hear_close().await, Ok((None, String::new())));
    // The TCP connection is still there.
    assert_eq!(post(&connection_url(&gateway, &id), "POST", "hello").await, 410);
    drop(client);
    gateway.stop().await;
}

#[tokio::test]
async fn disconnect_runs_when_the_connection_is_gone_and_once() {
    let gateway = probe().await;
    let mut invocations = gateway.invocations();
    // A second `$disconnect` of the first connection would be taken for that of the second.
    for _ in 0..2 {
        let (client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
        client.close(None).await;
        assert_disconnected(&gateway, &mut invocations, &id, 1005).await;
    }
    gateway.stop().await;
}
