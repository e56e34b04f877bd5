//! The example's authorizer: its own binary, called directly. Every event here is as real as its token, which was signed elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use websocket_gateway::Gateway;
use websocket_gateway::lambda::InvokeError;

use crate::support::{SECRET, authorized_example, authorizer_event, example_with, gateway as program, in_time, root};

/// What the function tells API Gateway: which principal it allows, or the error message that it failed with.
async fn verdict(gateway: &Gateway, event: impl Into<Vec<u8>>) -> Result<String, String> {
    match gateway.invoke("AuthorizeFunction", event.into()).await {
        Ok(answer) => {
            let answer: Value = serde_json::from_slice(&answer).unwrap();
            let statement = &answer["policyDocument"]["Statement"][0];
            assert_eq!(statement["Effect"], "Allow", "{answer}");
            assert_eq!(statement["Resource"], authorizer_event("authorize")["methodArn"], "{answer}");
            Ok(answer["principalId"].as_str().unwrap().to_owned())
        }
        // API Gateway makes 401 of the message `Unauthorized`, and 500 of any other.
        Err(InvokeError::FunctionError { message, .. }) => Err(message),
        Err(error) => panic!("{error}"),
    }
}

fn read(file: &str) -> Vec<u8> {
    std::fs::read(root().join("tests/authorizer-events").join(file)).unwrap()
}

fn files(folder: &str) -> BTreeSet<String> {
    let entries = std::fs::read_dir(root().join("tests/authorizer-events").join(folder)).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.ends_with(".json")).collect()
}

#[tokio::test]
async fn a_good_token_is_accepted_wherever_it_is() {
    let gateway = authorized_example().await;
    for file in files("") {
        assert_eq!(verdict(&gateway, read(&file)).await, Ok("alice".to_owned()), "{file}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn every_other_event_is_refused() {
    const UNAUTHORIZED: &str = "Unauthorized";
    let expected: BTreeMap<_, _> = [
        ("alg-hs512", UNAUTHORIZED),
        ("alg-none", UNAUTHORIZED),
        ("alg-none-signed", UNAUTHORIZED),
        ("alg-rs256", UNAUTHORIZED),
        ("another-audience", UNAUTHORIZED),
        ("bad-signature", UNAUTHORIZED),
        ("empty-subject", UNAUTHORIZED),
        ("empty-token", UNAUTHORIZED),
        ("expired", UNAUTHORIZED),
        ("expiry-as-text", UNAUTHORIZED),
        ("forged-claims", UNAUTHORIZED),
        ("garbage", "Missing RequestContext"),
        ("mixed-audience", UNAUTHORIZED),
        ("missing-connection-id", "Missing connectionId"),
        ("missing-method-arn", "Missing methodArn"),
        ("missing-request-context", "Missing RequestContext"),
        ("missing-token", UNAUTHORIZED),
        ("no-expiry", UNAUTHORIZED),
        ("no-subject", UNAUTHORIZED),
        ("not-a-token", UNAUTHORIZED),
        ("not-before-as-text", UNAUTHORIZED),
        ("not-yet-valid", UNAUTHORIZED),
        ("token-twice", UNAUTHORIZED),
        ("two-tokens-in-url", UNAUTHORIZED),
        ("wildcard-method-arn", "Malformed methodArn"),
        ("wrong-type", "Wrong type: expected REQUEST"),
    ]
    .map(|(fault, message)| (format!("authorize.{fault}.json"), message))
    .into();
    assert_eq!(files("invalid"), expected.keys().cloned().collect());

    let gateway = authorized_example().await;
    for (file, message) in expected {
        let event = read(&format!("invalid/{file}"));
        assert_eq!(verdict(&gateway, event).await, Err(message.to_owned()), "{file}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_huge_token_is_refused_like_any_bad_token() {
    let gateway = authorized_example().await;
    let good = authorizer_event("authorize")["queryStringParameters"]["token"].as_str().unwrap().to_owned();
    let huge = "x".repeat(1024 * 1024);
    for token in [format!("{good}{huge}"), format!("{huge}.{good}"), huge.clone(), ".".repeat(1024 * 1024)] {
        let mut event = authorizer_event("authorize");
        event["queryStringParameters"]["token"] = token.as_str().into();
        event["multiValueQueryStringParameters"]["token"] = json!([token]);
        assert_eq!(verdict(&gateway, event.to_string()).await, Err("Unauthorized".to_owned()));
    }
    // The function still works.
    assert_eq!(verdict(&gateway, read("authorize.json")).await, Ok("alice".to_owned()));
    gateway.stop().await;
}

#[tokio::test]
async fn without_a_good_secret_it_does_not_start() {
    for secret in ["one byte less than HS256 takes.", "{{resolve:secretsmanager:websocket-jwt-secret}}"] {
        let gateway = example_with(&[("JwtSecret", secret)]).await;
        let error = gateway.invoke("AuthorizeFunction", read("authorize.json")).await.unwrap_err();
        assert!(matches!(error, InvokeError::Exited { during_init: true, .. }), "{secret}: {error}");
        gateway.stop().await;
    }
}

#[tokio::test]
async fn no_token_is_ever_logged() {
    // Builds the functions, which may take longer than the time limit below.
    authorized_example().await.stop().await;
    for (file, outcome) in [("authorize", "execute-api:Invoke"), ("invalid/authorize.expired", "ExpiredSignature")] {
        let path = format!("tests/authorizer-events/{file}.json");
        let parameter = format!("JwtSecret={SECRET}");
        let mut run = program(&["invoke", "AuthorizeFunction", &path, "--parameter", &parameter]);
        let run = run.env("RUST_LOG", "debug").output();
        let output = in_time("the end of the gateway", run).await.unwrap();
        let output = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        assert!(output.contains(outcome), "{output}");
        assert!(output.contains("DEBUG"), "{output}");
        let token = authorizer_event(file)["queryStringParameters"]["token"].as_str().unwrap().to_owned();
        for part in token.split('.') {
            assert!(!output.contains(part), "{output}");
        }
    }
}
