//! Routes that the gateway can't serve: clients get what they get when an integration fails, and the log says why.

use serde_json::json;
use websocket_gateway::{Happenings, Level, What};

use crate::support::{Client, Refused, in_time, options_with, start};

const TEMPLATE: &str = "tests/templates/unserved.yaml";

/// The route key and the reason of the next event that is lost.
async fn unserved(happenings: &mut Happenings) -> (String, String) {
    in_time("an unserved route", async {
        loop {
            let happening = happenings.next().await.expect("the gateway has not stopped");
            if let What::Unserved { route_key, why, .. } = &happening.what {
                return (route_key.clone(), why.clone());
            }
        }
    })
    .await
}

#[tokio::test]
async fn its_messages_get_an_error_frame_and_never_reach_default() {
    let gateway = start(options_with(TEMPLATE, &[])).await;
    let mut happenings = gateway.happenings(Level::Error);
    let mut client = Client::connect(&gateway, "").await;
    client.send(json!({ "action": "mock" }).to_string()).await;
    assert_eq!(client.hear_json().await["message"], "Internal server error");
    let (route_key, why) = unserved(&mut happenings).await;
    assert_eq!(
        (route_key.as_str(), why.as_str()),
        ("mock", "its integration is `MOCK`, which answers without a function")
    );
    // A proxy's request templates change nothing.
    client.send("hello").await;
    assert_eq!(client.hear_json().await["body"], "hello");
    gateway.stop().await;
}

#[tokio::test]
async fn a_connect_that_can_not_be_served_lets_nobody_in() {
    let gateway = start(options_with(TEMPLATE, &[("Connect", "HTTP_PROXY")])).await;
    let mut happenings = gateway.happenings(Level::Error);
    let refused = Client::try_connect(&gateway.url(), &[]).await;
    assert!(matches!(refused, Err(Refused(502))));
    assert_eq!(unserved(&mut happenings).await.0, "$connect");
    gateway.stop().await;
}
