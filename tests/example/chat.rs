//! The example's messages, from its clients' side.

use serde_json::json;
use websocket_gateway::InvocationResult;

use crate::support::{Client, Gate, START_MS, Table, ended, example, options, options_with, start};

#[tokio::test]
async fn default_replies_and_hello_greets() {
    let gateway = example().await;
    let mut client = Client::connect(&gateway, "").await;
    let connected_at = Table::of(&gateway).await.rows().await[0]["connectedAt"].as_n().unwrap().clone();

    for message in ["not JSON", r#"{"action":"nothing here"}"#, r#"{"action":"$connect"}"#] {
        client.send(message).await;
        assert_eq!(client.hear().await, r#""hello client, I am the $default route!""#, "{message}");
    }
    client.send(r#"{"action":"hello"}"#).await;
    assert_eq!(client.hear().await, format!("Hello from hello. You connected at: {connected_at}"));
    gateway.stop().await;
}

#[tokio::test]
async fn two_channels_chat_without_hearing_each_other() {
    let gateway = example().await;
    let mut ann = Client::connect(&gateway, "?channel=rust").await;
    let mut bob = Client::connect(&gateway, "?channel=rust").await;
    let mut eve = Client::connect(&gateway, "?channel=other").await;

    ann.say("hello, bob").await;
    assert_eq!(ann.hear().await, "hello, bob");
    assert_eq!(bob.hear().await, "hello, bob");

    bob.send(json!({ "action": "sendmessage", "data": { "answer": [1, null, "é"] } }).to_string()).await;
    for client in [&mut ann, &mut bob] {
        assert_eq!(client.hear_json().await, json!({ "answer": [1, null, "é"] }));
    }
    // The first message that Eve hears is her own.
    eve.say("anybody?").await;
    assert_eq!(eve.hear().await, "anybody?");
    gateway.stop().await;
}

#[tokio::test]
async fn a_peer_that_is_gone_loses_its_row_and_the_others_get_the_message() {
    let gateway = example().await;
    let table = Table::of(&gateway).await;
    let mut ann = Client::connect(&gateway, "").await;
    let mut bob = Client::connect(&gateway, "").await;
    // It connected long ago, and its $disconnect never ran.
    table.put("AAAAAAAAAAAAAAA=", "lobby", START_MS).await;
    let mut invocations = gateway.invocations();

    ann.say("still there?").await;
    assert_eq!(ann.hear().await, "still there?");
    assert_eq!(bob.hear().await, "still there?");
    assert_eq!(ended(&mut invocations, "sendmessage").await.result, InvocationResult::Status(200));
    let ids = table.ids().await;
    assert_eq!(ids.len(), 2, "{ids:?}");
    assert!(!ids.contains(&"AAAAAAAAAAAAAAA=".to_owned()));
    gateway.stop().await;
}

#[tokio::test]
async fn a_newcomer_whose_connect_is_pending_keeps_its_row_and_hears_the_next_message() {
    let gate = Gate::new().await;
    let gateway = start(options_with("tests/templates/gated.yaml", &[("Gate", &gate.address())])).await;
    let (mut ann, ()) = tokio::join!(Client::connect(&gateway, ""), async { drop(gate.visitor().await) });
    let mut invocations = gateway.invocations();

    let (mut newcomer, ()) = tokio::join!(Client::connect(&gateway, ""), async {
        let newcomer = gate.visitor().await;
        ann.say("too early for the newcomer").await;
        assert_eq!(ended(&mut invocations, "sendmessage").await.result, InvocationResult::Status(200));
        drop(newcomer);
    });
    assert_eq!(Table::of(&gateway).await.rows().await.len(), 2);

    ann.say("welcome").await;
    assert_eq!(newcomer.hear().await, "welcome");
    assert_eq!(ann.hear().await, "too early for the newcomer");
    assert_eq!(ann.hear().await, "welcome");
    gateway.stop().await;
}

#[tokio::test]
async fn a_caller_without_a_row_is_told_to_reconnect() {
    let gateway = example().await;
    let mut client = Client::connect(&gateway, "").await;
    let table = Table::of(&gateway).await;
    let [id] = table.ids().await.try_into().unwrap();
    table.delete_row(&id).await;

    client.say("hello?").await;
    let frame = client.hear_json().await;
    assert_eq!(frame["message"], "You are in no channel; reconnect");
    assert_eq!(frame["connectionId"], json!(id));
    assert_eq!(frame.as_object().unwrap().keys().collect::<Vec<_>>(), ["connectionId", "message", "requestId"]);
    gateway.stop().await;
}

#[tokio::test]
async fn only_the_sender_of_a_wrong_message_hears_of_it() {
    let gateway = example().await;
    let mut ann = Client::connect(&gateway, "").await;
    let mut bob = Client::connect(&gateway, "").await;

    ann.send(r#"{"action":"sendmessage"}"#).await;
    let frame = ann.hear_json().await;
    assert_eq!(frame["message"], "Invalid message: missing field `data` at line 1 column 24");

    // The first message that Bob hears is his own.
    bob.say("all quiet").await;
    assert_eq!(bob.hear().await, "all quiet");
    gateway.stop().await;
}

#[tokio::test]
async fn a_channel_that_can_not_be_read_is_an_error() {
    let gateway = start(options("tests/templates/no_index.yaml")).await;
    let mut client = Client::connect(&gateway, "").await;
    client.say("anybody?").await;
    assert_eq!(client.hear_json().await["message"], "Internal server error");
    gateway.stop().await;
}
