//! The handshake, and what it leaves in the table.

use std::time::Duration;

use crate::support::{Client, Gate, Refused, Table, ended, example, example_with, get, options, probe, start};
use websocket_gateway::{Clock, InvocationResult, Store};

const HANDSHAKE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn a_connection_has_a_row_as_long_as_it_lasts() {
    let gateway = example().await;
    let table = Table::of(&gateway).await;
    let mut invocations = gateway.invocations();

    let client = Client::connect(&gateway, "?channel=rust").await;
    let [row] = table.rows().await.try_into().unwrap();
    assert_eq!(row["channel"].as_s().unwrap(), "rust");
    let connected_at: u64 = row["connectedAt"].as_n().unwrap().parse().unwrap();
    let expires_at: u64 = row["expiresAt"].as_n().unwrap().parse().unwrap();
    assert_eq!(expires_at, connected_at / 1000 + 7800);

    client.close(Some((4001, "enough"))).await;
    let disconnect = ended(&mut invocations, "$disconnect").await;
    assert_eq!(disconnect.result, InvocationResult::Status(200));
    let event: serde_json::Value = serde_json::from_slice(&disconnect.event).unwrap();
    assert_eq!(event["requestContext"]["disconnectStatusCode"], 4001);
    assert_eq!(event["requestContext"]["disconnectReason"], "enough");
    assert!(table.rows().await.is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn without_a_channel_it_is_the_lobby_and_a_name_that_is_too_long_is_refused() {
    let gateway = example().await;
    let table = Table::of(&gateway).await;
    for query in ["", "?channel="] {
        let client = Client::connect(&gateway, query).await;
        assert_eq!(table.rows().await[0]["channel"].as_s().unwrap(), "lobby", "{query}");
        let mut invocations = gateway.invocations();
        client.close(None).await;
        ended(&mut invocations, "$disconnect").await;
    }
    let url = format!("{}?channel={}", gateway.url(), "x".repeat(2049));
    assert_eq!(Client::try_connect(&url, &[]).await.err(), Some(Refused(400)));
    gateway.stop().await;
}

#[tokio::test]
async fn the_functions_verdict_is_the_answer_to_the_handshake() {
    let gateway = probe().await;
    for (order, status) in [("refuse", 418), ("fail", 502), ("panic", 502), ("exit", 502)] {
        let url = format!("{}?do={order}", gateway.url());
        assert_eq!(Client::try_connect(&url, &[]).await.err(), Some(Refused(status)), "{order}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_connect_that_takes_too_long_is_a_504() {
    let clock = Clock::manual(1_762_426_800_123);
    let gateway = start(options("tests/templates/probe.yaml").clock(clock.clone())).await;
    let gate = Gate::new().await;
    let url = format!("{}?do=meet&at={}", gateway.url(), gate.address());
    let (refused, _running) = tokio::join!(Client::try_connect(&url, &[]), async {
        let running = gate.visitor().await;
        clock.advance(Duration::from_secs(29));
        running
    });
    assert_eq!(refused.err(), Some(Refused(504)));
    gateway.stop().await;
}

#[tokio::test]
async fn a_subprotocol_is_answered_only_if_the_function_names_it() {
    let gateway = probe().await;
    let offer = [("sec-websocket-protocol", "chat.v2, chat.v1")];
    let url = format!("{}?do=subprotocol", gateway.url());
    let client = Client::try_connect(&url, &offer).await.unwrap();
    assert_eq!(client.subprotocol.as_deref(), Some("chat.v1"));

    let (status, head) = get(&gateway.url(), &format!("{HANDSHAKE}sec-websocket-protocol: chat.v1\r\n")).await;
    assert_eq!(status, 101);
    assert!(!head.contains("sec-websocket-protocol"), "{head}");
    gateway.stop().await;
}

#[tokio::test]
async fn the_example_speaks_its_own_subprotocol_and_never_a_token() {
    let gateway = example().await;
    for (offer, answer) in
        [("bearer.a.b.c, chat.v1", Some("chat.v1")), ("bearer.a.b.c", None), ("chat.v2", None), ("CHAT.V1", None)]
    {
        // A client that offers some, and hears of none, fails the connection.
        let (status, head) = get(&gateway.url(), &format!("{HANDSHAKE}sec-websocket-protocol: {offer}\r\n")).await;
        assert_eq!(status, 101, "{offer}");
        let answered = head.lines().find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(answered, answer, "{offer}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_page_may_connect_if_its_origin_is_on_the_list() {
    let gateway = example_with(&[("AllowedOrigins", "https://example.com, http://localhost:8080")]).await;
    let table = Table::of(&gateway).await;
    let connect = async |origin| Client::try_connect(&gateway.url(), &[("origin", origin)]).await;
    for foreign in ["https://evil.example", "https://example.com.evil.example", "https://example.com:444", "null"] {
        assert_eq!(connect(foreign).await.err(), Some(Refused(403)), "{foreign}");
    }
    assert!(table.rows().await.is_empty());
    let _page = connect("http://localhost:8080").await.unwrap();
    let _no_browser = Client::connect(&gateway, "").await;
    assert_eq!(table.rows().await.len(), 2);
    gateway.stop().await;
}

#[tokio::test]
async fn a_list_with_a_mistake_lets_nobody_in() {
    let gateway = example_with(&[("AllowedOrigins", "example.com")]).await;
    assert_eq!(Client::try_connect(&gateway.url(), &[]).await.err(), Some(Refused(502)));
    gateway.stop().await;
}

#[tokio::test]
async fn another_stage_is_forbidden_and_a_plain_get_must_upgrade() {
    let gateway = probe().await;
    let other = gateway.url().replace("/test", "/prod");
    assert_eq!(Client::try_connect(&other, &[]).await.err(), Some(Refused(403)));
    assert_eq!(get(&gateway.url(), "").await.0, 426);
    gateway.stop().await;
}

#[tokio::test]
async fn a_store_that_is_down_refuses_the_connection() {
    let store = example().await;
    let gateway = start(options("template.yaml").store(Store::Endpoint(store.dynamodb_url().to_owned()))).await;
    drop(Client::connect(&gateway, "").await);

    store.stop().await;
    assert_eq!(Client::try_connect(&gateway.url(), &[]).await.err(), Some(Refused(500)));
    gateway.stop().await;
}

#[tokio::test]
async fn a_table_that_is_missing_refuses_the_connection() {
    let gateway = example().await;
    Table::of(&gateway).await.drop_table().await;
    assert_eq!(Client::try_connect(&gateway.url(), &[]).await.err(), Some(Refused(500)));
    gateway.stop().await;
}
