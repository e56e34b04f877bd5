//! Functions that fail, and messages that nobody takes: the client's frame, and that everything goes on.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;
use websocket_gateway::InvocationResult;

use crate::support::{Client, Gate, ended, options, probe, start};

/// The frame is API Gateway's own, to the byte, and names ids that it also put into events.
fn assert_error_frame(frame: &str, message: &str) {
    let fields: Value = serde_json::from_str(frame).unwrap();
    let id = |name: &str| fields[name].as_str().unwrap();
    let (connection_id, request_id) = (id("connectionId"), id("requestId"));
    assert_eq!(
        frame,
        format!(r#"{{"message": "{message}", "connectionId":"{connection_id}", "requestId":"{request_id}"}}"#)
    );
}

#[tokio::test]
async fn a_function_that_fails_in_any_way_is_an_internal_server_error_and_the_next_message_is_served() {
    let gateway = probe().await;
    let mut client = Client::connect(&gateway, "").await;
    for action in ["oneway", "twoway"] {
        for order in ["exit", "panic", "fail"] {
            client.send(json!({ "action": action, "do": order }).to_string()).await;
            assert_error_frame(&client.hear().await, "Internal server error");
        }
    }
    client.send("still there?").await;
    assert_eq!(client.hear_json().await["body"], "still there?");
    gateway.stop().await;
}

#[tokio::test]
async fn an_answer_that_is_malformed_is_an_internal_server_error() {
    let gateway = probe().await;
    let mut client = Client::connect(&gateway, "").await;
    for answer in [Value::Null, json!({}), json!({ "statusCode": 200, "Data": "x" })] {
        client.send(json!({ "do": "answer", "answer": answer }).to_string()).await;
        assert_error_frame(&client.hear().await, "Internal server error");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_body_is_sent_where_the_route_has_a_route_response_and_nowhere_else() {
    let gateway = probe().await;
    let mut client = Client::connect(&gateway, "").await;
    let mut invocations = gateway.invocations();

    let answer = json!({ "statusCode": 200, "body": "never seen" });
    client.send(json!({ "action": "oneway", "do": "answer", "answer": answer }).to_string()).await;
    assert_eq!(ended(&mut invocations, "oneway").await.result, InvocationResult::Status(200));

    // Whatever its status, and an empty frame where there is no body.
    for (status, body) in [(200, Some("fine")), (500, Some("a 500 with a body")), (200, None)] {
        let answer = json!({ "statusCode": status, "body": body });
        client.send(json!({ "do": "answer", "answer": answer }).to_string()).await;
        assert_eq!(client.hear().await, body.unwrap_or_default());
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_message_that_no_route_takes_is_forbidden_and_the_connection_stays_open() {
    let gateway = start(options("tests/templates/no_default.yaml")).await;
    let mut client = Client::connect(&gateway, "").await;
    for message in ["not JSON", "{}", r#"{"action":"other"}"#, r#"{"action":"$disconnect"}"#] {
        client.send(message).await;
        assert_error_frame(&client.hear().await, "Forbidden");
    }
    client.send(r#"{"action":"known"}"#).await;
    assert_eq!(client.hear_json().await["requestContext"]["routeKey"], "known");
    gateway.stop().await;
}

#[tokio::test]
async fn what_api_gateway_does_not_take_closes_the_connection_and_disconnect_is_told() {
    let gateway = probe().await;
    let cases = [
        (Message::binary(vec![1, 2, 3]), 1003),
        (Message::text("x".repeat(32 * 1024 + 1)), 1009),
        (Message::Close(None), 1005),
    ];
    for (frame, code) in cases {
        let mut invocations = gateway.invocations();
        let mut client = Client::connect(&gateway, "").await;
        client.send_frame(frame).await;
        if code != 1005 {
            assert_eq!(client.hear_close().await.0, code);
        }
        let event = ended(&mut invocations, "$disconnect").await.event;
        let event: Value = serde_json::from_slice(&event).unwrap();
        assert_eq!(event["requestContext"]["disconnectStatusCode"], code);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn overlapping_messages_are_served_by_several_instances() {
    let gateway = probe().await;
    let mut client = Client::connect(&gateway, "").await;
    let gate = Gate::new().await;
    for _ in 0..3 {
        client.send(gate.order()).await;
    }
    // All three are in their functions at the same time.
    let visitors = [gate.visitor().await, gate.visitor().await, gate.visitor().await];
    drop(visitors);
    let processes = [client.hear().await, client.hear().await, client.hear().await];
    assert_eq!(BTreeSet::from(processes).len(), 3);
    gateway.stop().await;
}
