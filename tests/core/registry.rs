//! The registry on DynamoDB, through a function that does nothing else.

use serde_json::{Value, json};

use crate::support::{Client, options, start};

async fn call(client: &mut Client, order: Value) -> Value {
    client.send(order.to_string()).await;
    client.hear_json().await
}

#[tokio::test]
async fn connections_come_move_and_go_and_going_twice_is_no_error() {
    let gateway = start(options("tests/templates/registry.yaml")).await;
    let mut client = Client::connect(&gateway, "").await;
    let members = |channel| json!({ "call": "members", "channel": channel });
    for id in ["AAAA", "BBBB", "CCCC", "DDDD"] {
        call(&mut client, json!({ "call": "add", "id": id, "channel": "rust" })).await;
    }
    assert_eq!(call(&mut client, members("rust")).await, json!(["AAAA", "BBBB", "CCCC", "DDDD"]));
    assert_eq!(call(&mut client, members("empty")).await, json!([]));

    call(&mut client, json!({ "call": "add", "id": "AAAA", "channel": "other" })).await;
    assert_eq!(call(&mut client, json!({ "call": "channel_of", "id": "AAAA" })).await, "other");
    assert_eq!(call(&mut client, members("rust")).await, json!(["BBBB", "CCCC", "DDDD"]));

    for _ in 0..2 {
        assert_eq!(call(&mut client, json!({ "call": "remove", "id": "BBBB" })).await, Value::Null);
        assert_eq!(call(&mut client, json!({ "call": "channel_of", "id": "BBBB" })).await, Value::Null);
    }
    let ids = ["BBBB", "CCCC", "DDDD"];
    assert_eq!(call(&mut client, json!({ "call": "remove_many", "ids": ids })).await, Value::Null);
    assert_eq!(call(&mut client, members("rust")).await, json!([]));
    assert_eq!(call(&mut client, members("other")).await, json!(["AAAA"]));
    gateway.stop().await;
}

#[tokio::test]
async fn a_channel_without_a_name_or_an_id_that_is_none_never_reaches_the_table() {
    let gateway = start(options("tests/templates/registry.yaml")).await;
    let mut client = Client::connect(&gateway, "").await;
    let nameless = call(&mut client, json!({ "call": "members", "channel": "" })).await;
    assert_eq!(nameless["message"], "Invalid message: The name of a channel must be 1 to 2048 bytes long");
    let forged = call(&mut client, json!({ "call": "remove", "id": "../x" })).await;
    let message = forged["message"].as_str().unwrap();
    assert!(message.starts_with("Invalid message: not a connection id"), "{message}");
    gateway.stop().await;
}
