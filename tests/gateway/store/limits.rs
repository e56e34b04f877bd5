//! How long a client may take to send a request.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use websocket_gateway::Gateway;

use super::requests::SIGNED;
use crate::support::{options, start};

const CALL: &str = "POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-amz-json-1.0\r\nx-amz-target: DynamoDB_20120810.ListTables\r\n";

async fn connect(gateway: &Gateway) -> TcpStream {
    TcpStream::connect(gateway.dynamodb_url().strip_prefix("http://").unwrap()).await.unwrap()
}

/// Whatever comes until the connection is closed. Time passes as fast as the gateway lets it.
async fn hear_to_the_end(mut stream: TcpStream) -> String {
    tokio::time::pause();
    let mut heard = String::new();
    let reading = stream.read_to_string(&mut heard);
    tokio::time::timeout(Duration::from_secs(600), reading).await.unwrap_or_else(|_| panic!("it stays open")).unwrap();
    tokio::time::resume();
    heard
}

#[tokio::test]
async fn a_head_or_a_body_that_stops_ends_the_connection_but_an_idle_one_is_kept_for_90_seconds() {
    let gateway = start(options("tests/templates/registry.yaml")).await;

    let mut head = connect(&gateway).await;
    head.write_all(CALL.as_bytes()).await.unwrap();
    assert_eq!(hear_to_the_end(head).await, "");

    let mut body = connect(&gateway).await;
    body.write_all(format!("{CALL}{SIGNED}content-length: 2\r\n\r\n{{").as_bytes()).await.unwrap();
    let answer = hear_to_the_end(body).await;
    assert!(answer.starts_with("HTTP/1.1 408 ") && answer.contains("RequestTimeoutException"), "{answer}");

    let mut idle = connect(&gateway).await;
    for _ in 0..2 {
        idle.write_all(format!("{CALL}{SIGNED}content-length: 2\r\n\r\n{{}}").as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"]}") {
            answer.push(idle.read_u8().await.unwrap());
        }
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(90)).await;
        tokio::time::resume();
    }
    gateway.stop().await;
}
