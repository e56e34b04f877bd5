//! What the conformance table does not show about `@connections`, with the real AWS SDK.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::primitives::Blob;

use crate::support::{Client, Keys, options, probe, start_with_clock};

#[tokio::test]
async fn the_largest_post_arrives() {
    let gateway = probe().await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let sdk = Keys::shared().management_api(&gateway);
    let largest = "x".repeat(128 * 1024);
    sdk.post_to_connection().connection_id(&id).data(Blob::new(largest.clone())).send().await.unwrap();
    assert_eq!(client.hear().await, largest);
    gateway.stop().await;
}

#[tokio::test]
async fn last_active_is_the_last_data_in_either_direction() {
    let (gateway, clock) = start_with_clock(options("tests/templates/probe.yaml")).await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let sdk = Keys::shared().management_api(&gateway);
    let last_active = async || {
        let description = sdk.get_connection().connection_id(&id).send().await.unwrap();
        description.last_active_at().unwrap().secs()
    };
    let connected_at = last_active().await;

    clock.advance(Duration::from_secs(5));
    sdk.post_to_connection().connection_id(&id).data(Blob::new("x")).send().await.unwrap();
    client.hear().await;
    assert_eq!(last_active().await, connected_at + 5);
    clock.advance(Duration::from_secs(5));
    client.send("x").await;
    client.hear().await;
    assert_eq!(last_active().await, connected_at + 10);
    clock.advance(Duration::from_secs(5));
    client.ping("x").await;
    assert_eq!(last_active().await, connected_at + 10);
    gateway.stop().await;
}

#[tokio::test]
async fn a_post_that_is_not_utf_8_arrives_with_replacements() {
    let gateway = probe().await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let sdk = Keys::shared().management_api(&gateway);
    sdk.post_to_connection().connection_id(&id).data(Blob::new(*b"a\xffz")).send().await.unwrap();
    assert_eq!(client.hear().await, "a\u{fffd}z");
    gateway.stop().await;
}
