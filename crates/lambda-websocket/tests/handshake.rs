//! What `$connect` and its authorizer see of the HTTP request.

// Clippy's exception for tests does not reach their helpers.
#![allow(clippy::unwrap_used)]

use lambda_websocket::{Accept, Allow, AllowedOrigins, Authorize, Connect, authorize, connect};
use serde_json::{Value, json};

/// An authorizer's event. A `$connect` event looks the same, without `type` and `methodArn`.
fn event() -> Value {
    json!({
        "type": "REQUEST",
        "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcd123456/prod/$connect",
        "headers": { "Host": "example.com", "Sec-WebSocket-Protocol": "chat.v1, bearer.abc", "X-Colour": "red" },
        "multiValueHeaders": {
            "Host": ["example.com"], "Sec-WebSocket-Protocol": ["chat.v1, bearer.abc"], "X-Colour": ["blue", "red"]
        },
        "queryStringParameters": { "token": "secret" },
        "multiValueQueryStringParameters": { "token": ["first", "secret"] },
        "stageVariables": { "size": "9" },
        "requestContext": {
            "routeKey": "$connect", "eventType": "CONNECT", "connectionId": "L0SM9cOFvHcCIhw=", "requestId": "r=",
            "stage": "prod", "apiId": "abcd123456", "connectedAt": 1_762_426_800_123_i64,
            "requestTimeEpoch": 1_762_426_800_124_i64, "identity": { "sourceIp": "192.0.2.1" }
        }
    })
}

#[tokio::test]
async fn an_authorizer_sees_everything_that_the_client_sent() {
    let route = authorize(async |event: Authorize| {
        assert_eq!(event.method_arn(), "arn:aws:execute-api:eu-west-1:123456789012:abcd123456/prod/$connect");
        assert_eq!(event.id().as_str(), "L0SM9cOFvHcCIhw=");
        assert_eq!(event.query("token"), Some("secret"));
        assert_eq!(event.query_all("token").collect::<Vec<_>>(), ["first", "secret"]);
        assert_eq!(event.header("x-colour"), Some("red"));
        assert_eq!(event.header_all("x-COLOUR").collect::<Vec<_>>(), ["blue", "red"]);
        let subprotocols: Vec<_> = event.subprotocols().map(|name| name.as_str()).collect();
        assert_eq!(subprotocols, ["chat.v1", "bearer.abc"]);
        assert_eq!(event.source_ip(), Some([192, 0, 2, 1].into()));
        assert_eq!((event.stage(), event.stage_variable("size")), ("prod", Some("9")));
        assert_eq!(event.request_id(), Some("r="));
        assert_eq!(event.principal_id(), None);
        Ok(Allow::new(event.query("token").unwrap_or_default()))
    });
    assert_eq!(route.replay(&event().to_string()).await.unwrap().principal_id(), "secret");
}

#[tokio::test]
async fn debug_output_of_a_handshake_has_no_secrets() {
    let secretive = |shown: String| {
        assert!(shown.contains("L0SM9cOFvHcCIhw="), "{shown}");
        assert!(!shown.contains("secret") && !shown.contains("bearer"), "{shown}");
    };
    let asked = authorize(async |event: Authorize| {
        secretive(format!("{event:?} {:?}", **event));
        Ok(Allow::new("alice"))
    });
    assert!(asked.replay(&event().to_string()).await.unwrap().allows());
    let connecting = connect(async |event: Connect| {
        secretive(format!("{event:?} {:?}", **event));
        Ok(Accept::new())
    });
    assert_eq!(connecting.replay(&event().to_string()).await.unwrap().status_code(), 200);
}

/// The status of the handshake, with these `Origin` headers and an allow-list.
async fn status(allowed: &str, origins: &[&str]) -> u16 {
    let allowed: AllowedOrigins = allowed.parse().unwrap();
    let route = connect(async |event: Connect| {
        event.check_origin(&allowed)?;
        Ok(Accept::new())
    });
    let mut event = event();
    if let Some(last) = origins.last() {
        event["headers"]["Origin"] = (*last).into();
        event["multiValueHeaders"]["Origin"] = origins.into();
    }
    route.replay(&event.to_string()).await.unwrap().status_code()
}

/// More headers than the map of headers can hold: it panics.
#[tokio::test]
async fn an_event_with_too_many_headers_is_a_function_error() {
    let mut event = event();
    event["headers"] = (0..40_000).map(|n| (format!("x-{n}"), Value::from("x"))).collect();
    let route = connect(async |_: Connect| Ok(Accept::new()));
    assert_eq!(route.replay(&event.to_string()).await.unwrap_err().error_type(), "HandlerPanicked");
}

#[tokio::test]
async fn a_page_of_another_origin_may_not_connect() {
    let allowed = "https://example.com, http://localhost:8080";
    assert_eq!(status(allowed, &["https://example.com"]).await, 200);
    assert_eq!(status(allowed, &["HTTP://LOCALHOST:8080"]).await, 200);
    for foreign in ["https://evil.example", "https://example.com.evil.example", "null", "", "https://ex\u{e4}mple.com"]
    {
        assert_eq!(status(allowed, &[foreign]).await, 403, "{foreign}");
    }
    // Of several headers, all must be allowed: it is not known which one counts.
    assert_eq!(status(allowed, &["https://evil.example", "https://example.com"]).await, 403);
    assert_eq!(status(allowed, &["https://example.com", "https://evil.example"]).await, 403);
}

#[tokio::test]
async fn a_client_other_than_a_browser_sends_no_origin_and_may_connect() {
    assert_eq!(status("https://example.com", &[]).await, 200);
}

#[tokio::test]
async fn without_a_list_every_page_may_connect() {
    for origins in [&[][..], &["https://anywhere.example"], &["null"], &["\u{e4}"]] {
        assert_eq!(status("", origins).await, 200, "{origins:?}");
    }
}
