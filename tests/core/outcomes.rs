//! What the core makes of every answer of `@connections`, also of those that no gateway here gives: faked at the wire.

use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::support::{Client, probe};

/// A server that gives everybody the same answer, or none, and the requests that it got.
async fn server(answer: Option<&'static str>) -> (String, UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/prod", listener.local_addr().unwrap());
    let (requests, seen) = unbounded_channel();
    tokio::spawn(async move {
        let mut silent = Vec::new();
        while let Ok((mut stream, _)) = listener.accept().await {
            let _head = stream.read(&mut [0; 4096]).await.unwrap();
            let _nobody_counts = requests.send(());
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).await.unwrap(),
                None => silent.push(stream),
            }
        }
    });
    (url, seen)
}

async fn outcome(client: &mut Client, call: &str, url: &str) -> String {
    let order = json!({ "action": "outcomes", "call": call, "url": url, "to": "TnAb3dVvDoECJ5A=" });
    client.send(order.to_string()).await;
    client.hear().await
}

#[tokio::test]
async fn each_status_has_its_outcome_and_only_what_may_pass_is_tried_again() {
    let gateway = probe().await;
    let mut client = Client::connect(&gateway, "").await;
    let forbidden = "@connections: forbidden: the function needs execute-api:ManageConnections on this API and stage, and \
        this stage's endpoint";
    let too_large = "The message is too large: 5 bytes, and 131072 are allowed";
    let cases = [
        ("post", "200 OK", "Sent", 1),
        // With its name in the header or without.
        ("post", "410 Gone\r\nx-amzn-ErrorType: GoneException", "Gone", 1),
        ("post", "410 Gone", "Gone", 1),
        ("get", "410 Gone", "None", 1),
        ("close", "204 No Content", "Closed", 1),
        ("close", "410 Gone", "AlreadyGone", 1),
        ("post", "400 Bad Request\r\nx-amzn-ErrorType: BadRequestException", "@connections: bad request", 1),
        ("post", "403 Forbidden", forbidden, 1),
        ("post", "413 Payload Too Large\r\nx-amzn-ErrorType: PayloadTooLargeException", too_large, 1),
        ("post", "429 Too Many Requests\r\nx-amzn-ErrorType: LimitExceededException", "@connections: throttled", 3),
        ("post", "500 Internal Server Error", "@connections: the call failed", 3),
    ];
    for (call, status, expected, tries) in cases {
        let answer = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
        let (url, mut requests) = server(Some(answer.leak())).await;
        assert_eq!(outcome(&mut client, call, &url).await, expected, "{call}: {status}");
        assert_eq!(std::iter::from_fn(|| requests.try_recv().ok()).count(), tries, "{call}: {status}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_message_that_is_too_large_is_not_even_sent() {
    let gateway = probe().await;
    let mut client = Client::connect(&gateway, "").await;
    let (url, mut requests) = server(None).await;
    let told = outcome(&mut client, "post 131073 bytes", &url).await;
    assert_eq!(told, "The message is too large: 131073 bytes, and 131072 are allowed");
    assert!(requests.try_recv().is_err());
    gateway.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_is_down_or_silent_is_given_up_before_the_client_is() {
    let gateway = probe().await;
    let mut client = Client::connect(&gateway, "").await;
    let (silent, _requests) = server(None).await;
    for url in ["http://127.0.0.1:1/prod", &silent] {
        assert_eq!(outcome(&mut client, "post", url).await, "@connections: the call failed", "{url}");
    }
    gateway.stop().await;
}
