//! How connections end: by the clock, by `@connections`, by a gateway that stops, by clients that don't play along.

use std::time::Duration;

use serde_json::Value;
use tokio_tungstenite::tungstenite::Message;
use websocket_gateway::{Clock, Invocation, InvocationResult, Options};

use crate::support::{Client, Gate, Refused, ended, options, post, probe, start};

/// The code that `$disconnect` was told.
fn code(disconnect: &Invocation) -> u64 {
    assert_eq!(disconnect.result, InvocationResult::Status(200));
    let event: Value = serde_json::from_slice(&disconnect.event).unwrap();
    event["requestContext"]["disconnectStatusCode"].as_u64().unwrap()
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_one_that_talks_only_after_two_hours() {
    let clock = Clock::manual(1_762_426_800_123);
    let gateway = start(Options { clock: clock.clone(), ..options("tests/templates/probe.yaml") }).await;
    let mut invocations = gateway.invocations();
    let minutes = |minutes: u64| Duration::from_secs(minutes * 60);
    let mut quiet = Client::connect(&gateway, "").await;
    let mut lively = Client::connect(&gateway, "").await;

    clock.advance(minutes(9));
    lively.send("still here").await;
    lively.hear().await;
    clock.advance(minutes(1));
    assert_eq!(quiet.hear_close().await, (1001, "Going away".to_owned()));
    assert_eq!(code(&ended(&mut invocations, "$disconnect").await), 1001);

    // Each of these would be too long if the one before had not counted.
    for _ in 0..13 {
        clock.advance(minutes(8));
        lively.send("still here").await;
        lively.hear().await;
    }
    clock.advance(minutes(6));
    assert_eq!(lively.hear_close().await, (1001, "Going away".to_owned()));
    gateway.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_throttled_and_what_was_posted_before_a_delete_still_arrives() {
    let gateway = probe().await;
    let mut invocations = gateway.invocations();
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let url = format!("{}/@connections/{id}", gateway.management_url());
    let message = "x".repeat(128 * 1024);
    // The system's buffers take some, then the connection's own fills.
    let mut posted = 0;
    let refused = loop {
        match post(&url, "POST", &message).await {
            200 => posted += 1,
            refused => break refused,
        }
    };
    assert_eq!(refused, 429);
    assert_eq!(post(&url, "DELETE", "").await, 204);
    assert_eq!(post(&url, "POST", "too late").await, 410);
    for n in 0..posted {
        assert!(client.hear().await == message, "message {n} of {posted}");
    }
    assert_eq!(client.hear_close().await.0, 1000);
    assert_eq!(code(&ended(&mut invocations, "$disconnect").await), 1000);
    gateway.stop().await;
}

#[tokio::test]
async fn a_client_that_never_reads_can_still_be_closed() {
    let gateway = probe().await;
    let mut invocations = gateway.invocations();
    let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let url = format!("{}/@connections/{id}", gateway.management_url());
    while post(&url, "POST", &"x".repeat(128 * 1024)).await == 200 {}
    assert_eq!(post(&url, "DELETE", "").await, 204);
    assert_eq!(code(&ended(&mut invocations, "$disconnect").await), 1000);
    gateway.stop().await;
}

#[tokio::test]
async fn a_gateway_that_stops_while_connect_runs_still_runs_disconnect() {
    let gateway = probe().await;
    let mut invocations = gateway.invocations();
    let gate = Gate::new().await;
    let url = format!("{}?do=meet&at={}", gateway.url(), gate.address());
    let (client, (), disconnect) = tokio::join!(
        Client::try_connect(&url, &[]),
        async {
            let connecting = gate.visitor().await;
            tokio::join!(gateway.stop(), async { drop(connecting) });
        },
        ended(&mut invocations, "$disconnect"),
    );
    assert_eq!(client.err(), Some(Refused(503)));
    assert_eq!(disconnect.result, InvocationResult::Status(200));
}

#[tokio::test]
async fn a_gateway_that_stops_lets_nobody_in_and_still_says_who_is_gone() {
    let gateway = probe().await;
    let gate = Gate::new().await;
    let (url, connections) = (gateway.url(), format!("{}/@connections", gateway.management_url()));
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    client.send(gate.order()).await;
    let working = gate.visitor().await;
    tokio::join!(gateway.stop(), async {
        assert_eq!(client.hear_close().await, (1001, "Going away".to_owned()));
        assert_eq!(post(&format!("{connections}/{id}"), "POST", "hello").await, 410);
        assert_eq!(Client::try_connect(&url, &[]).await.err(), Some(Refused(503)));
        drop(working);
    });
}

#[tokio::test]
async fn a_post_while_connect_runs_is_gone_and_a_client_that_leaves_then_is_disconnected() {
    let gateway = probe().await;
    let mut invocations = gateway.invocations();
    let gate = Gate::new().await;
    let url = format!("{}?do=meet&at={}", gateway.url(), gate.address());
    let handshake = tokio::spawn(async move { Client::try_connect(&url, &[]).await.is_ok() });
    let connecting = gate.visitor().await;
    handshake.abort();
    assert!(handshake.await.unwrap_err().is_cancelled());
    drop(connecting);

    let connect: Value = serde_json::from_slice(&ended(&mut invocations, "$connect").await.event).unwrap();
    assert_eq!(code(&ended(&mut invocations, "$disconnect").await), 1006);
    let id = connect["requestContext"]["connectionId"].as_str().unwrap();
    assert_eq!(post(&format!("{}/@connections/{id}", gateway.management_url()), "POST", "hello").await, 410);
    gateway.stop().await;
}

#[tokio::test]
async fn a_reply_over_the_limit_closes_the_connection() {
    let gateway = probe().await;
    let mut client = Client::connect(&gateway, "").await;
    client.send(r#"{"do":"long"}"#).await;
    assert_eq!(client.hear_close().await.0, 1009);
    gateway.stop().await;
}

#[tokio::test]
async fn from_the_clients_close_frame_on_the_connection_is_gone() {
    let gateway = probe().await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    client.send_frame(Message::Close(None)).await;
    assert_eq!(client.try_hear_close().await, Ok((None, String::new())));
    // The TCP connection is still there.
    assert_eq!(post(&format!("{}/@connections/{id}", gateway.management_url()), "POST", "hello").await, 410);
    drop(client);
    gateway.stop().await;
}

#[tokio::test]
async fn disconnect_runs_when_the_connection_is_gone_and_once() {
    let gateway = probe().await;
    let mut invocations = gateway.invocations();
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
        client.close(None).await;
        let event: Value = serde_json::from_slice(&ended(&mut invocations, "$disconnect").await.event).unwrap();
        // A second one for the first connection would be found here.
        assert_eq!(event["requestContext"]["connectionId"], id.as_str());
        ids.push(id);
    }
    for id in ids {
        assert_eq!(post(&format!("{}/@connections/{id}", gateway.management_url()), "POST", "hello").await, 410);
    }
    gateway.stop().await;
}
