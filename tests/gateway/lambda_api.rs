//! Lambda's Invoke API: the gateway serves it, and can use another server of it instead of starting functions.

use serde_json::json;
use websocket_gateway::{Gateway, Options};

use crate::support::{Client, Gate, OwnApi, http, http_with_body, options, post, probe, start};

fn url(gateway: &Gateway, name: &str) -> String {
    format!("{}/2015-03-31/functions/{name}/invocations", gateway.lambda_url())
}

/// A template whose functions this server runs.
fn elsewhere(template: &str, server: &Gateway) -> Options {
    options(template).lambda_endpoint(server.lambda_url())
}

#[tokio::test]
async fn a_function_is_invoked_by_any_of_its_names() {
    let gateway = probe().await;
    for name in [
        "Probe",
        "probe",
        "templates-Probe",
        "templates-Probe:$LATEST",
        "arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Atemplates-Probe",
    ] {
        assert_eq!(post(&url(&gateway, name), "POST", "{}").await, 200, "{name}");
    }
    assert_eq!(post(&url(&gateway, "Nobody"), "POST", "{}").await, 404);
    assert_eq!(post(&url(&gateway, "Probe"), "POST", "not JSON").await, 400);
    assert_eq!(post(&url(&gateway, "Probe"), "POST", &"x".repeat(6 * 1024 * 1024 + 1)).await, 413);
    gateway.stop().await;
}

#[tokio::test]
async fn functions_that_serve_no_route_are_invoked_too_and_do_not_keep_the_api_from_starting() {
    let gateway = start(options("tests/templates/unrouted.yaml")).await;
    for name in ["Unrouted", "by-its-name"] {
        assert_eq!(post(&url(&gateway, name), "POST", "{}").await, 200, "{name}");
    }
    for (name, why) in [
        ("Elsewhere", "its runtime is `java21`"),
        ("NotBuilt", "there is neither a Cargo.toml nor a bootstrap in "),
        ("NoBinary", "has only the binaries "),
    ] {
        let (status, head, body) = http_with_body(&url(&gateway, name), "POST", "", "{}").await;
        assert_eq!(status, 200, "{name}");
        assert!(head.contains("x-amz-function-error: unhandled") && body.contains(why), "{name}: {body}");
    }
    assert_eq!(post(&url(&gateway, "Unreadable"), "POST", "{}").await, 404);
    // A binary of several functions means the one that serves the API.
    assert_eq!(gateway.api().function_of_binary("probe").unwrap().logical_id, "Probe");
    gateway.stop().await;
}

#[tokio::test]
async fn an_event_is_answered_at_once_and_a_dry_run_invokes_nothing() {
    let gateway = probe().await;
    let gate = Gate::new().await;
    let event = json!({ "body": gate.message() }).to_string();
    let invoke = async |kind: &str| {
        let headers = format!("x-amz-invocation-type: {kind}\r\ncontent-length: {}\r\n", event.len());
        http(&url(&gateway, "Probe"), "POST", &headers, &event).await.0
    };
    assert_eq!(invoke("DryRun").await, 204);
    assert_eq!(invoke("Event").await, 202);
    let working = gate.visitor().await;
    drop(working);
    gateway.stop().await;
}

#[tokio::test]
async fn a_gateway_can_leave_its_functions_to_another_server() {
    let server = probe().await;
    let gateway = start(elsewhere("tests/templates/probe.yaml", &server)).await;
    let mut client = Client::connect(&gateway, "").await;

    client.send("hello").await;
    let event = client.hear_json().await;
    assert_eq!((&event["body"], &event["requestContext"]["stage"]), (&json!("hello"), &json!("test")));
    for order in ["fail", "panic", "exit"] {
        client.send(json!({ "do": order }).to_string()).await;
        assert_eq!(client.hear_json().await["message"], "Internal server error", "{order}");
    }
    // The server goes away, and so do the answers. The connection stays.
    server.stop().await;
    client.send("hello?").await;
    assert_eq!(client.hear_json().await["message"], "Internal server error");
    gateway.stop().await;
}

#[tokio::test]
async fn a_function_elsewhere_is_known_by_its_binary_even_if_only_its_crate_names_it() {
    let api = OwnApi::new("elsewhere");
    let template = api.folder().join("template.yaml");
    let template = template.to_str().unwrap();
    let server = start(options(template)).await;
    // Its logical id and its name become others, so it is not known by these.
    api.edit("template.yaml", "Function.Arn", "Other.Arn");
    api.edit("template.yaml", "  Function:", "  Other:");
    let gateway = start(elsewhere(template, &server)).await;

    let mut client = Client::connect(&gateway, "").await;
    client.send("hi").await;
    assert!(client.hear().await.starts_with("Try "));
    gateway.stop().await;
    server.stop().await;
}
