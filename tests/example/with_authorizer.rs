//! The example with its authorizer switched on, as the README says, from the client's side.

use std::path::Path;

use serde_json::Value;
use websocket_gateway::{Gateway, Options};

use crate::support::{Client, Refused, Table, ended, options, root, start, with_authorizer};

/// What the tokens in `tests/example/authorizer-events/` are signed with.
const SECRET: &str = "for tests only: 32 bytes or more";

async fn example(parameters: &[(&str, &str)]) -> Gateway {
    // Each test has its own, beside which the package of the functions is not.
    let name = parameters.iter().map(|(name, _)| *name).collect::<Vec<_>>().join("-");
    let template = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("authorizer-{name}.yaml"));
    let package = root().canonicalize().unwrap().join("crates/routes");
    let text = with_authorizer().replace("CodeUri: crates/routes", &format!("CodeUri: {}", package.display()));
    std::fs::write(&template, text).unwrap();
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    start(Options { parameters, ..options(template.to_str().unwrap()) }).await
}

/// The token of a sample event, with the query or the offer that it came in.
fn sent(name: &str) -> (String, Option<String>) {
    let event = std::fs::read(root().join(format!("tests/example/authorizer-events/{name}.json"))).unwrap();
    let event: Value = serde_json::from_slice(&event).unwrap();
    let tokens = event["multiValueQueryStringParameters"]["token"].as_array();
    let tokens = tokens.into_iter().flatten().map(|token| format!("token={}", token.as_str().unwrap()));
    let query = tokens.collect::<Vec<_>>().join("&").replace(' ', "%20");
    (query, event["headers"]["Sec-WebSocket-Protocol"].as_str().map(str::to_owned))
}

async fn connect(gateway: &Gateway, name: &str) -> Result<Client, Refused> {
    let (query, offer) = sent(name);
    let offer: Vec<_> = offer.iter().map(|offer| ("sec-websocket-protocol", offer.as_str())).collect();
    Client::try_connect(&format!("{}?{query}", gateway.url()), &offer).await
}

#[tokio::test]
async fn a_good_token_opens_the_connection_and_every_event_says_whose_it_is() {
    let gateway = example(&[("JwtSecret", SECRET)]).await;
    let mut invocations = gateway.invocations();
    let by_url = connect(&gateway, "authorize").await.unwrap();
    assert_eq!(by_url.subprotocol, None);
    let mut by_subprotocol = connect(&gateway, "authorize.subprotocol").await.unwrap();
    assert_eq!(by_subprotocol.subprotocol.as_deref(), Some("chat.v1"));

    by_subprotocol.send("hi").await;
    by_subprotocol.hear().await;
    by_subprotocol.close(None).await;
    for route_key in ["$connect", "$default", "$disconnect"] {
        let event: Value = serde_json::from_slice(&ended(&mut invocations, route_key).await.event).unwrap();
        assert_eq!(event["requestContext"]["authorizer"]["principalId"], "alice", "{event}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_bad_token_or_none_or_two_is_401_and_leaves_no_row() {
    let gateway = example(&[("JwtSecret", SECRET), ("LogRetentionDays", "1")]).await;
    let table = Table::of(&gateway).await;
    for fault in [
        "alg-hs512",
        "alg-none",
        "alg-none-signed",
        "alg-rs256",
        "another-audience",
        "bad-signature",
        "empty-token",
        "expired",
        "expiry-as-text",
        "forged-claims",
        "missing-token",
        "no-expiry",
        "empty-subject",
        "mixed-audience",
        "no-subject",
        "not-a-token",
        "not-before-as-text",
        "not-yet-valid",
        "token-twice",
        "two-tokens-in-url",
    ] {
        let refused = connect(&gateway, &format!("invalid/authorize.{fault}")).await.err();
        assert_eq!(refused, Some(Refused(401)), "{fault}");
    }
    assert!(table.rows().await.is_empty());
    gateway.stop().await;
}

#[tokio::test]
async fn without_a_secret_nobody_gets_in() {
    // As it comes, the parameter is a reference that only CloudFormation resolves.
    let gateway = example(&[]).await;
    assert_eq!(connect(&gateway, "authorize").await.err(), Some(Refused(500)));
    gateway.stop().await;
}

#[tokio::test]
async fn a_good_token_is_no_use_to_a_page_from_elsewhere() {
    let gateway = example(&[("JwtSecret", SECRET), ("AllowedOrigins", "https://example.com")]).await;
    let url = format!("{}?{}", gateway.url(), sent("authorize").0);
    let foreign = Client::try_connect(&url, &[("origin", "https://evil.example")]).await;
    assert_eq!(foreign.err(), Some(Refused(403)));
    assert!(Client::try_connect(&url, &[("origin", "https://example.com")]).await.is_ok());
    gateway.stop().await;
}
