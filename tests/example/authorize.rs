//! The example's authorizer: its own binary, called directly. Every event here is as real as its token, which was signed elsewhere.

use std::path::PathBuf;

use serde_json::{Value, json};
use websocket_gateway::Gateway;
use websocket_gateway::InvokeError;

use super::faults;
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

fn folder() -> PathBuf {
    root().join("tests/example/authorizer-events")
}

fn read(file: &str) -> Vec<u8> {
    std::fs::read(folder().join(file)).unwrap()
}

#[tokio::test]
async fn a_good_token_is_accepted_wherever_it_is() {
    let gateway = authorized_example().await;
    for (file, _) in faults::events(folder()) {
        assert_eq!(verdict(&gateway, read(&file)).await, Ok("alice".to_owned()), "{file}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn every_other_event_is_refused() {
    let gateway = authorized_example().await;
    for (file, fault) in faults::events(folder().join("invalid")) {
        // Every other fault is one of the token, about which a client learns no more than this.
        let message = faults::message(&fault).unwrap_or("Unauthorized");
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
        let path = format!("tests/example/authorizer-events/{file}.json");
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
