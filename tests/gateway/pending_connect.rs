//! What happens while `$connect` runs.

use std::time::Duration;

use websocket_gateway::{Gateway, InvocationResult};

use crate::support::{
    Client, Gate, Refused, connection_url, ended, event_of, options, order, post, probe, start_with_clock,
};

/// The address of a handshake whose `$connect` waits at the gate.
fn url(gateway: &Gateway, gate: &Gate) -> String {
    format!("{}{}", gateway.url(), order(&gate.order()))
}

#[tokio::test]
async fn a_connect_that_takes_too_long_is_a_504() {
    let (gateway, clock) = start_with_clock(options("tests/templates/probe.yaml")).await;
    let gate = Gate::new().await;
    let url = url(&gateway, &gate);
    let (refused, _running) = tokio::join!(Client::try_connect(&url, &[]), async {
        let running = gate.visitor().await;
        clock.advance(Duration::from_secs(29));
        running
    });
    assert_eq!(refused.err(), Some(Refused(504)));
    gateway.stop().await;
}

#[tokio::test]
async fn a_gateway_that_stops_while_connect_runs_still_runs_disconnect() {
    let gateway = probe().await;
    let mut invocations = gateway.invocations();
    let gate = Gate::new().await;
    let url = url(&gateway, &gate);
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
async fn a_client_that_leaves_while_connect_runs_is_disconnected_and_gone() {
    let gateway = probe().await;
    let mut invocations = gateway.invocations();
    let gate = Gate::new().await;
    let url = url(&gateway, &gate);
    let handshake = tokio::spawn(async move { Client::try_connect(&url, &[]).await.is_ok() });
    let connecting = gate.visitor().await;
    handshake.abort();
    assert!(handshake.await.unwrap_err().is_cancelled());
    drop(connecting);

    let connect = event_of(&mut invocations, "$connect").await;
    let disconnect = event_of(&mut invocations, "$disconnect").await;
    assert_eq!(disconnect["requestContext"]["disconnectStatusCode"], 1006);
    let id = connect["requestContext"]["connectionId"].as_str().unwrap();
    assert_eq!(post(&connection_url(&gateway, id), "POST", "hello").await, 410);
    gateway.stop().await;
}
