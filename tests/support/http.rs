//! Plain HTTP, with whatever a test wants in it.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use websocket_gateway::Gateway;

use super::in_time;

/// Where `@connections` has a connection.
pub(crate) fn connection_url(gateway: &Gateway, id: &str) -> String {
    format!("{}/@connections/{id}", gateway.management_url())
}

/// A GET with extra header lines: the status, and the head of the answer in lower case.
pub(crate) async fn get(url: &str, headers: &str) -> (u16, String) {
    http(url, "GET", headers, "").await
}

/// A request with a body: the status.
pub(crate) async fn post(url: &str, method: &str, body: &str) -> u16 {
    http(url, method, &format!("content-length: {}\r\n", body.len()), body).await.0
}

/// A request: the status, and the head of the answer in lower case.
pub(crate) async fn http(url: &str, method: &str, headers: &str, body: &str) -> (u16, String) {
    let (status, head, _) = exchange(url, method, headers, body).await;
    (status, head)
}

/// A request: the status, the head of the answer in lower case, and the connection, from which its body can be read.
async fn exchange(url: &str, method: &str, headers: &str, body: &str) -> (u16, String, TcpStream) {
    let address_and_path = url.split_once("://").unwrap().1;
    let (address, path) = address_and_path.split_once('/').unwrap();
    let head = format!("{method} /{path} HTTP/1.1\r\nhost: {address}\r\n{headers}\r\n");
    exchange_raw(address, &(head + body)).await
}

/// A request as it stands: the status, and the head of the answer in lower case.
pub(crate) async fn raw(address: &str, request: &str) -> (u16, String) {
    let (status, head, _) = exchange_raw(address, request).await;
    (status, head)
}

async fn exchange_raw(address: &str, request: &str) -> (u16, String, TcpStream) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    in_time("sending a request", stream.write_all(request.as_bytes())).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(in_time("the answer", stream.read_u8()).await.unwrap());
    }
    let head = String::from_utf8(head).unwrap().to_lowercase();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head, stream)
}

/// A request with a body: the status, the head of the answer in lower case, and its body.
pub(crate) async fn http_with_body(url: &str, method: &str, headers: &str, body: &str) -> (u16, String, String) {
    let headers = format!("content-length: {}\r\nconnection: close\r\n{headers}", body.len());
    let (status, head, mut stream) = exchange(url, method, &headers, body).await;
    let mut body = String::new();
    in_time("the body of the answer", stream.read_to_string(&mut body)).await.unwrap();
    (status, head, body)
}
