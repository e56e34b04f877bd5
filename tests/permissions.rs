//! Who may call `@connections`, and the store.

use aws_sdk_apigatewaymanagement::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_apigatewaymanagement::primitives::Blob;
use websocket_gateway::{Gateway, Options};

use crate::support::{Client, Keys, options, post, start};

async fn gateway() -> Gateway {
    start(options("tests/permissions.yaml")).await
}

/// The HTTP status, the error's name and its message; nothing if the call was served.
type Refusal = Option<(u16, String, String)>;

fn refusal<T, E: ProvideErrorMetadata>(answer: Result<T, SdkError<E>>) -> Refusal {
    let error = answer.err()?;
    let status = error.raw_response().unwrap_or_else(|| panic!("no answer")).status().as_u16();
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    Some((status, text(error.code()), text(error.message())))
}

/// What POST, GET and DELETE of a connection come to, in this order.
async fn try_all(gateway: &Gateway, keys: &Keys, id: &str) -> [Refusal; 3] {
    let sdk = keys.management_api(gateway);
    [
        refusal(sdk.post_to_connection().connection_id(id).data(Blob::new("x")).send().await),
        refusal(sdk.get_connection().connection_id(id).send().await),
        refusal(sdk.delete_connection().connection_id(id).send().await),
    ]
}

fn statuses(refusals: &[Refusal; 3]) -> [u16; 3] {
    [0, 1, 2].map(|index| refusals[index].as_ref().map_or(200, |(status, ..)| *status))
}

#[tokio::test]
async fn a_function_may_do_with_connections_what_its_policy_allows() {
    let gateway = gateway().await;
    for (function, expected) in [
        ("Nobody", [403, 403, 403]),
        ("Poster", [200, 403, 403]),
        ("Reader", [403, 200, 403]),
        ("Plain", [200, 200, 403]),
    ] {
        let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
        let keys = Keys::of(&gateway, function).await;
        let refusals = try_all(&gateway, &keys, &id).await;
        assert_eq!(statuses(&refusals), expected, "{function}: {refusals:?}");
        let (_, name, message) = refusals[2].clone().unwrap();
        assert_eq!(name, "AccessDeniedException");
        let api_id = &gateway.api().api_id;
        let resource =
            format!("arn:aws:execute-api:us-east-1:123456789012:{api_id}/test/DELETE/@connections/{{connectionId}}");
        let expected = format!("is not authorized to perform: execute-api:ManageConnections on resource: {resource}");
        assert!(
            message.starts_with("User: arn:aws:sts::123456789012:assumed-role/") && message.contains(&expected),
            "{message}"
        );
        assert_eq!(
            message.ends_with("with an explicit deny in an identity-based policy"),
            function == "Plain",
            "{message}"
        );
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_signature_must_be_right() {
    let gateway = gateway().await;
    let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let good = Keys::of(&gateway, "Poster").await;
    assert_eq!(statuses(&try_all(&gateway, &good, &id).await)[0], 200);

    let secret = Keys { secret: "wrong".to_owned(), ..good.clone() };
    let token = Keys { session_token: Some("wrong".to_owned()), ..good.clone() };
    let no_token = Keys { session_token: None, ..good.clone() };
    for (keys, name) in [
        (secret, "InvalidSignatureException"),
        (token, "UnrecognizedClientException"),
        // Those are the shared credentials, whose secret is another.
        (no_token, "InvalidSignatureException"),
        (Keys::of_a_person(), "UnrecognizedClientException"),
    ] {
        for refusal in try_all(&gateway, &keys, &id).await {
            let (status, found, message) = refusal.unwrap();
            assert_eq!((status, found.as_str()), (403, name), "{message}");
        }
    }
    gateway.stop().await;
}

#[tokio::test]
async fn every_function_elsewhere_may_do_what_any_of_them_may() {
    let gateway = gateway().await;
    let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let refusals = try_all(&gateway, &Keys::shared(), &id).await;
    assert_eq!(statuses(&refusals), [200, 200, 403], "{refusals:?}");
    gateway.stop().await;
}

#[tokio::test]
async fn who_does_not_sign_is_served_unless_the_gateway_is_strict() {
    for (strict, expected) in [(false, 200), (true, 403)] {
        let gateway = start(Options { strict, ..options("tests/permissions.yaml") }).await;
        let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
        let url = format!("{}/@connections/{id}", gateway.management_url());
        assert_eq!(post(&url, "POST", "from a person").await, expected);
        let poster = Keys::of(&gateway, "Poster").await.management_api(&gateway);
        poster.post_to_connection().connection_id(&id).data(Blob::new("from a function")).send().await.unwrap();
        let heard = client.hear().await;
        assert_eq!(heard, if strict { "from a function" } else { "from a person" });
        gateway.stop().await;
    }
}
