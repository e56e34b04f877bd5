//! The example's handshake, and what it leaves in the table.

use websocket_gateway::{InvocationResult, Store};

use crate::support::{Client, Refused, Table, ended, example, example_with, get, options, start};

const HANDSHAKE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

#[tokio::test]
async fn a_connection_has_a_row_as_long_as_it_lasts() {
    let gateway = example().await;
    let table = Table::of(&gateway).await;
    let mut invocations = gateway.invocations();

    let client = Client::connect(&gateway, "?channel=rust").await;
    let [row] = table.rows().await.try_into().unwrap();
    assert_eq!((row["entry"].as_s().unwrap().as_str(), row["channel"].as_s().unwrap().as_str()), ("$connect", "rust"));
    let connected_at: u64 = row["connectedAt"].as_n().unwrap().parse().unwrap();
    let expires_at: u64 = row["expiresAt"].as_n().unwrap().parse().unwrap();
    assert_eq!(expires_at, connected_at / 1000 + 7800);

    client.close(Some((4001, "enough"))).await;
    assert_eq!(ended(&mut invocations, "$disconnect").await.result, InvocationResult::Status(200));
    assert!(table.rows().await.is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn the_default_channel_is_the_lobby_and_a_name_that_is_too_long_is_refused() {
    let gateway = example().await;
    let table = Table::of(&gateway).await;
    for query in ["", "?channel="] {
        let client = Client::connect(&gateway, query).await;
        assert_eq!(table.rows().await[0]["channel"].as_s().unwrap(), "lobby", "{query}");
        let mut invocations = gateway.invocations();
        client.close(None).await;
        ended(&mut invocations, "$disconnect").await;
    }
    let url = format!("{}?channel={}", gateway.url(), "x".repeat(1024));
    assert_eq!(Client::try_connect(&url, &[]).await.err(), Some(Refused(400)));
    gateway.stop().await;
}

#[tokio::test]
async fn the_example_speaks_its_own_subprotocol_and_never_a_token() {
    let gateway = example().await;
    for (offer, answer) in
        [("bearer.a.b.c, chat.v1", Some("chat.v1")), ("bearer.a.b.c", None), ("chat.v2", None), ("CHAT.V1", None)]
    {
        // A WebSocket library that offers subprotocols fails the connection if none is selected, so this is plain HTTP.
        let (status, head) = get(&gateway.url(), &format!("{HANDSHAKE}sec-websocket-protocol: {offer}\r\n")).await;
        assert_eq!(status, 101, "{offer}");
        let answered = head.lines().find_map(|line| line.strip_prefix("sec-websocket-protocol: "));
        assert_eq!(answered, answer, "{offer}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_page_may_connect_if_its_origin_is_listed() {
    let gateway = example_with(&[("AllowedOrigins", "https://example.com, http://localhost:8080")]).await;
    let table = Table::of(&gateway).await;
    let connect = async |origin| Client::try_connect(&gateway.url(), &[("origin", origin)]).await;
    for foreign in ["https://evil.example", "https://example.com.evil.example", "https://example.com:444", "null"] {
        assert_eq!(connect(foreign).await.err(), Some(Refused(403)), "{foreign}");
    }
    assert!(table.rows().await.is_empty());
    let _page = connect("http://localhost:8080").await.unwrap();
    let _not_a_browser = Client::connect(&gateway, "").await;
    assert_eq!(table.rows().await.len(), 2);
    gateway.stop().await;
}

#[tokio::test]
async fn a_list_of_origins_with_a_mistake_refuses_every_client() {
    let gateway = example_with(&[("AllowedOrigins", "example.com")]).await;
    assert_eq!(Client::try_connect(&gateway.url(), &[]).await.err(), Some(Refused(502)));
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
