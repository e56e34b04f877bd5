//! The console's API: who is let in, and what it tells.

use rustix::process::Signal;
use serde_json::{Value, json};
use websocket_gateway::Clock;

use super::asking::{Stream, ask, parts};
use super::with_console;
use crate::support::{Client, end, gateway, get, http_with_body, in_time, options, order, probe, raw, serving, signal};

#[tokio::test]
async fn a_page_is_told_what_happens_from_its_first_moment_on() {
    let (gateway, url) = with_console(options("tests/templates/no_default.yaml")).await;
    let mut client = Client::connect(&gateway, "").await;
    // Nobody looks yet, but what goes wrong is kept.
    client.send("not JSON").await;
    client.hear().await;
    let mut stream = Stream::of(&url, None).await;
    let (_, hello) = stream.next().await;
    assert!(hello["since"].is_u64() && hello["most"] == 20_000, "{hello}");
    let (number, first) = stream.next().await;
    assert_eq!((number, &first["what"]), (Some(0), &Value::from("noRoute")));
    client.send(r#"{"action":"known"}"#).await;
    client.hear().await;
    let (_, received) = stream.next_of("received").await;
    assert_eq!(received["message"], r#"{"action":"known"}"#);
    let (last, _) = stream.next_of("delivered").await;

    // A page that comes again is told what it has missed.
    let mut again = Stream::of(&url, Some(last)).await;
    again.next().await;
    client.send("not JSON").await;
    client.hear().await;
    let (number, _) = again.next().await;
    assert_eq!(number, Some(last + 1));
    let (_, refusal) = again.next_of("noRoute").await;
    assert_eq!(refusal["message"], "not JSON");
    let (stopped, ended) = tokio::join!(gateway.stop(), stream.ends());
    let ((), true) = (stopped, ended) else { panic!("the stream goes on") };
}

#[tokio::test]
async fn secrets_are_masked() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    let mut stream = Stream::of(&url, None).await;
    stream.next().await;
    let _client =
        Client::try_connect(&format!("{}?token=hunter2", gateway.url()), &[("cookie", "id=hunter2")]).await.unwrap();
    let (_, event) = stream.next_of("event").await;
    assert_eq!(event["event"]["queryStringParameters"]["token"], "***");
    assert!(!event.to_string().contains("hunter2"), "{event}");
    drop(stream);
    gateway.stop().await;
}

#[tokio::test]
async fn the_page_is_public_and_everything_else_wants_the_token() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    let (page, token) = parts(&url);
    let (status, head) = get(&page, "").await;
    assert_eq!(status, 200);
    assert!(head.contains("content-type: text/html; charset=utf-8"), "{head}");
    let policy = head.lines().find(|line| line.starts_with("content-security-policy: ")).unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    assert_eq!(get(&format!("{page}/app.js"), "").await.0, 200);
    assert_eq!(get(&format!("{page}/../src/lib.rs"), "").await.0, 404);
    for path in ["happenings", "gateway", "connections", "connections/x/posts", "nothing"] {
        for header in ["", "authorization: Bearer 00000000000000000000000000000000\r\n", "authorization: Basic x\r\n"] {
            assert_eq!(get(&format!("{page}/api/{path}"), header).await.0, 401, "{path} {header}");
        }
    }
    assert_eq!(get(&format!("{page}/api/gateway"), &token).await.0, 200);
    // Its own page sends its origin with whatever it changes.
    let address = page.strip_prefix("http://").unwrap().split('/').next().unwrap().to_owned();
    for (origin, expected) in [(format!("http://{address}"), 410), ("http://127.0.0.1:1".to_owned(), 403)] {
        let headers = format!("{token}origin: {origin}\r\n");
        let (status, _, _) =
            http_with_body(&format!("{page}/api/connections/L0SM9cOFvHcCIhw=/cut"), "POST", &headers, "").await;
        assert_eq!(status, expected, "{origin}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_person_does_to_connections_what_functions_and_networks_do() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let (_, connections) = ask(&url, "GET", "connections", "").await;
    let connections: Value = serde_json::from_str(&connections).unwrap();
    assert_eq!(connections["connections"][0]["connectionId"], *id);
    assert_eq!(connections["connections"][0]["sourceIp"], "127.0.0.1");

    assert_eq!(ask(&url, "POST", &format!("connections/{id}/posts"), "posted").await.0, 200);
    assert_eq!(client.hear().await, "posted");
    assert_eq!(ask(&url, "POST", &format!("connections/{id}/frames"), r#"{"do":"measure"}"#).await.0, 202);
    assert_eq!(client.hear().await, "16");
    let too_long = "x".repeat(128 * 1024 + 1);
    for path in ["posts", "frames"] {
        assert_eq!(ask(&url, "POST", &format!("connections/{id}/{path}"), &too_long).await.0, 413, "{path}");
    }
    assert_eq!(ask(&url, "DELETE", &format!("connections/{id}"), "").await.0, 204);
    assert_eq!(client.hear_close().await.0, 1000);

    let (client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let mut invocations = gateway.invocations();
    assert_eq!(ask(&url, "POST", &format!("connections/{id}/cut"), "").await.0, 204);
    let disconnect = in_time("$disconnect", invocations.next_of("$disconnect")).await.unwrap();
    let event: Value = serde_json::from_slice(&disconnect.event).unwrap();
    assert_eq!(event["requestContext"]["disconnectStatusCode"], 1006);
    client.try_end().await.unwrap();
    for path in ["posts", "frames", "cut"] {
        assert_eq!(ask(&url, "POST", &format!("connections/{id}/{path}"), "x").await.0, 410, "{path}");
    }
    assert_eq!(ask(&url, "POST", "connections/not-an-id/posts", "x").await.0, 400);
    gateway.stop().await;
}

#[tokio::test]
async fn a_connection_is_described_with_its_subprotocol_and_its_rows() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    let chosen = json!({ "statusCode": 200, "headers": { "Sec-WebSocket-Protocol": "chat.v1" } });
    let address = format!("{}{}", gateway.url(), order(&json!({ "answer": chosen })));
    let _client = Client::try_connect(&address, &[("sec-websocket-protocol", "chat.v1")]).await.unwrap();
    let (_, connections) = ask(&url, "GET", "connections", "").await;
    let connections: Value = serde_json::from_str(&connections).unwrap();
    assert_eq!(connections["connections"][0]["subprotocol"], "chat.v1");
    gateway.stop().await;

    let (gateway, url) = with_console(options("template.yaml")).await;
    let _client = Client::connect(&gateway, "?channel=rust").await;
    let (_, connections) = ask(&url, "GET", "connections", "").await;
    let connections: Value = serde_json::from_str(&connections).unwrap();
    let id = connections["connections"][0]["connectionId"].as_str().unwrap();
    let (status, rows) = ask(&url, "GET", &format!("connections/{id}/rows"), "").await;
    let rows: Value = serde_json::from_str(&rows).unwrap();
    let item = &rows["rows"][0]["item"];
    assert!(status == 200 && item["connectionId"] == id && item["connectedAt"].is_u64(), "{rows}");
    assert!(item["channel"].is_string() && rows["rows"].as_array().unwrap().len() == 1, "{rows}");
    assert_eq!(ask(&url, "GET", "connections/L0SM9cOFvHcCIhw=/rows", "").await.0, 410);
    gateway.stop().await;
}

#[tokio::test]
async fn a_function_is_invoked_again() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    let invoke =
        async |name: &str, event: &str| ask(&url, "POST", &format!("functions/{name}/invocations"), event).await;
    let (status, answer) = invoke("Probe", r#"{"body":"{\"do\":\"measure\"}"}"#).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(serde_json::from_str::<Value>(&answer).unwrap()["body"], "16");
    let (status, why) = invoke("Probe", r#"{"body":"{\"do\":{\"fail-with\":\"sorry\"}}"}"#).await;
    assert!(status == 502 && why.contains("sorry"), "{status} {why}");
    assert_eq!(invoke("Nobody", "{}").await.0, 404);
    gateway.stop().await;
}

#[tokio::test]
async fn the_clock_is_moved_and_idle_connections_close() {
    let options = options("tests/templates/probe.yaml");
    let (gateway, url) = with_console(options.clone().clock(Clock::movable())).await;
    let mut client = Client::connect(&gateway, "").await;
    assert_eq!(ask(&url, "POST", "clock", "60000").await.0, 204);
    client.ping("still here").await;
    assert_eq!(ask(&url, "POST", "clock", "600000").await.0, 204);
    assert_eq!(client.hear_close().await.0, 1001);
    for wrong in ["", "-1", "1 min", "86400001"] {
        assert_eq!(ask(&url, "POST", "clock", wrong).await.0, 400, "{wrong}");
    }
    gateway.stop().await;
    let (gateway, url) = with_console(options).await;
    assert_eq!(ask(&url, "POST", "clock", "60000").await.0, 409);
    gateway.stop().await;
}

#[tokio::test]
async fn with_strict_it_only_shows() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml").strict(true)).await;
    let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    assert_eq!(ask(&url, "GET", "connections", "").await.0, 200);
    for (method, path) in [
        ("POST", format!("connections/{id}/posts")),
        ("POST", format!("connections/{id}/frames")),
        ("DELETE", format!("connections/{id}")),
        ("POST", "functions/Probe/invocations".to_owned()),
        ("POST", "clock".to_owned()),
        ("POST", "faults".to_owned()),
        ("DELETE", "faults".to_owned()),
        ("DELETE", "faults/0".to_owned()),
        ("DELETE", "functions/Probe/processes".to_owned()),
    ] {
        assert_eq!(ask(&url, method, &path, "{}").await.0, 403, "{method} {path}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn there_is_none_unless_it_is_asked_for() {
    let without = probe().await;
    assert_eq!(without.console_url(), None);
    assert_eq!(get(&format!("{}/@console", without.lambda_url()), "").await.0, 403);
    without.stop().await;
    let template = ["--template", "tests/templates/probe.yaml", "--port", "0"];
    for (option, expected) in [(None, 200), (Some("--no-console"), 403)] {
        let arguments: Vec<_> = template.into_iter().chain(option).collect();
        let (mut program, url) = serving(&mut gateway(&arguments)).await;
        let address = url.trim_start_matches("ws://").split('/').next().unwrap().to_owned();
        let request = format!("GET /@console HTTP/1.1\r\nhost: {address}\r\n\r\n");
        assert_eq!(raw(&address, &request).await.0, expected, "{option:?}");
        signal(&program, Signal::INT);
        end(&mut program).await;
    }
}
