//! `@connections`, with the real AWS SDK.

use std::time::Duration;

use aws_sdk_apigatewaymanagement::Client as Sdk;
use aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use serde_json::Value;
use websocket_gateway::{Clock, Gateway, Options};

use crate::support::{Client, Keys, ended, options, probe, start};

fn sdk(gateway: &Gateway) -> Sdk {
    Keys::shared().management_api(gateway)
}

#[tokio::test]
async fn a_post_arrives_as_text_and_a_get_describes() {
    let gateway = probe().await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let sdk = sdk(&gateway);

    sdk.post_to_connection().connection_id(&id).data(Blob::new("from behind")).send().await.unwrap();
    assert_eq!(client.hear().await, "from behind");
    let largest = "x".repeat(128 * 1024);
    sdk.post_to_connection().connection_id(&id).data(Blob::new(largest.clone())).send().await.unwrap();
    assert_eq!(client.hear().await, largest);

    let description = sdk.get_connection().connection_id(&id).send().await.unwrap();
    assert!(description.connected_at().unwrap() <= description.last_active_at().unwrap());
    assert_eq!(description.identity().unwrap().source_ip(), Some("127.0.0.1"));
    gateway.stop().await;
}

#[tokio::test]
async fn a_delete_closes_with_1000_and_runs_disconnect() {
    let gateway = probe().await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let mut invocations = gateway.invocations();
    let sdk = sdk(&gateway);

    sdk.delete_connection().connection_id(&id).send().await.unwrap();
    assert_eq!(client.hear_close().await.0, 1000);
    let event: Value = serde_json::from_slice(&ended(&mut invocations, "$disconnect").await.event).unwrap();
    assert_eq!(event["requestContext"]["disconnectStatusCode"], 1000);
    assert_eq!(event["requestContext"]["disconnectReason"], "Connection Closed Normally");

    let gone = sdk.get_connection().connection_id(&id).send().await.unwrap_err();
    assert!(gone.as_service_error().unwrap().is_gone_exception());
    gateway.stop().await;
}

#[tokio::test]
async fn what_can_not_be_done_has_the_name_of_its_error() {
    let gateway = probe().await;
    let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let sdk = sdk(&gateway);
    let never = "AAAAAAAAAAAAAAA=";
    let post =
        |id: &str, size: usize| sdk.post_to_connection().connection_id(id).data(Blob::new("x".repeat(size))).send();

    let gone = post(never, 1).await.unwrap_err();
    assert!(gone.as_service_error().unwrap().is_gone_exception());
    let response = gone.raw_response().unwrap();
    assert_eq!((response.status().as_u16(), response.body().bytes().unwrap()), (410, &b""[..]));

    let too_large = post(&id, 128 * 1024 + 1).await.unwrap_err();
    assert!(too_large.as_service_error().unwrap().is_payload_too_large_exception());

    let malformed = post("not-an-id", 1).await.unwrap_err();
    assert_eq!(malformed.raw_response().unwrap().status().as_u16(), 400);
    assert_eq!(malformed.code(), Some("BadRequestException"));
    gateway.stop().await;
}

#[tokio::test]
async fn an_id_may_be_percent_encoded_once_and_so_may_the_at_sign() {
    let gateway = probe().await;
    let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let encoded = id.replace('=', "%3D");
    let twice = id.replace('=', "%253D");
    for (path, status) in [
        (format!("@connections/{id}"), 200),
        (format!("@connections/{encoded}"), 200),
        (format!("%40connections/{encoded}"), 200),
        (format!("@connections/{twice}"), 403),
        ("@connections".to_owned(), 403),
        ("connections/x".to_owned(), 403),
    ] {
        let (answer, _) = crate::support::get(&format!("{}/{path}", gateway.management_url()), "").await;
        assert_eq!(answer, status, "{path}");
    }
    let without_stage = gateway.management_url().replace("/test", "");
    assert_eq!(crate::support::get(&format!("{without_stage}/@connections/{id}"), "").await.0, 403);
    gateway.stop().await;
}

#[tokio::test]
async fn last_active_is_the_last_data_in_either_direction() {
    let clock = Clock::manual(1_762_426_800_123);
    let gateway = start(Options { clock: clock.clone(), ..options("tests/templates/probe.yaml") }).await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let sdk = sdk(&gateway);
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
    sdk(&gateway).post_to_connection().connection_id(&id).data(Blob::new(*b"a\xffz")).send().await.unwrap();
    assert_eq!(client.hear().await, "a\u{fffd}z");
    gateway.stop().await;
}
