//! Clients that misbehave: what happens to them, and that no other client notices.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use websocket_gateway::{Gateway, InvocationResult};

use crate::support::{Client, Table, ended, event_of, example, in_time, options, probe, start_with_clock};

async fn tcp(gateway: &Gateway) -> TcpStream {
    let url = gateway.url();
    let address = url.trim_start_matches("ws://").split('/').next().unwrap();
    TcpStream::connect(address).await.unwrap()
}

async fn assert_served(client: &mut Client) {
    client.send("still there?").await;
    assert_eq!(client.hear_json().await["body"], "still there?");
}

#[tokio::test]
async fn garbage_on_the_port_harms_no_client() {
    let gateway = probe().await;
    let mut other = Client::connect(&gateway, "").await;
    let tls_hello = b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03";
    let http2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let no_key = b"GET /test HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n";
    for garbage in [&tls_hello[..], http2, no_key, &[0; 64], &[b'\n'; 64], &[b'x'; 1 << 20]] {
        let mut stream = tcp(&gateway).await;
        // The gateway may stop reading and answer or not. It must hang up, and within the time limit.
        let _ = in_time("writing", stream.write_all(garbage)).await;
        let _ = stream.shutdown().await;
        let _ = in_time("the end", stream.read_to_end(&mut Vec::new())).await;
        assert_served(&mut other).await;
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_request_is_hung_up_on() {
    let gateway = probe().await;
    let mut stream = tcp(&gateway).await;
    stream.write_all(b"GET /test HTTP/1.1\r\nhost: ").await.unwrap();
    // From here on no time passes but what a task waits for, all at once.
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let mut answer = Vec::new();
    in_time("hanging up", stream.read_to_end(&mut answer)).await.unwrap();
    let waited = started.elapsed();
    tokio::time::resume();
    assert_eq!(String::from_utf8_lossy(&answer), "");
    assert_eq!(waited.as_secs(), 10, "{waited:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn a_client_that_is_silently_gone_is_closed_when_it_is_idle() {
    let (gateway, clock) = start_with_clock(options("tests/templates/probe.yaml")).await;
    let mut invocations = gateway.invocations();
    // Its socket is open, but it neither reads nor answers any more.
    let _silent = Client::connect(&gateway, "").await;
    clock.advance(Duration::from_secs(9 * 60));
    let mut other = Client::connect(&gateway, "").await;
    clock.advance(Duration::from_secs(60));
    let event = event_of(&mut invocations, "$disconnect").await;
    assert_eq!(event["requestContext"]["disconnectStatusCode"], 1001);
    assert_served(&mut other).await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_client_that_only_half_closes_is_gone() {
    let gateway = probe().await;
    let mut invocations = gateway.invocations();
    let mut stream = tcp(&gateway).await;
    let handshake = b"GET /test HTTP/1.1\r\nhost: x\r\nconnection: keep-alive, Upgrade\r\nupgrade: WebSocket\r\n\
        sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    stream.write_all(handshake).await.unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(in_time("the answer", stream.read_u8()).await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    // The example of RFC 6455, 1.3.
    assert!(head.contains("sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "{head}");
    stream.shutdown().await.unwrap();
    assert_eq!(ended(&mut invocations, "$disconnect").await.result, InvocationResult::Status(200));
    in_time("the end", stream.read_to_end(&mut Vec::new())).await.unwrap();
    gateway.stop().await;
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

fn tasks() -> usize {
    tokio::runtime::Handle::current().metrics().num_alive_tasks()
}

/// Opens and closes connections, twenty at a time, every other one without a close frame.
async fn come_and_go(gateway: &Gateway, connections: usize) {
    let mut invocations = gateway.invocations();
    let mut clients = JoinSet::new();
    let url = gateway.url();
    for n in 0..connections {
        if clients.len() >= 20 {
            clients.join_next().await.unwrap().unwrap();
        }
        let url = url.clone();
        clients.spawn(async move {
            let client = Client::try_connect(&url, &[]).await.unwrap();
            if n % 2 == 0 {
                client.close(None).await;
            }
        });
    }
    clients.join_all().await;
    for _ in 0..connections {
        assert_eq!(ended(&mut invocations, "$disconnect").await.result, InvocationResult::Status(200));
    }
}

/// With the example's functions and table. At most 4,096 invocations wait for their reader, so it reads after every thousand connections.
#[tokio::test]
#[ignore = "takes several minutes"]
async fn ten_thousand_connections_leave_nothing_behind() {
    let gateway = example().await;
    come_and_go(&gateway, 100).await;
    let before = (open_files(), tasks());
    for _ in 0..10 {
        come_and_go(&gateway, 1000).await;
    }
    assert!(Table::of(&gateway).await.rows().await.is_empty());
    // Functions that were started in the meantime have open files too. A leak would be thousands.
    let after = (open_files(), tasks());
    assert!(after.0 <= before.0 + 200 && after.1 <= before.1 + 200, "{before:?} before, {after:?} after");
    println!("open files and tasks: {before:?} before, {after:?} after");
    gateway.stop().await;
}
