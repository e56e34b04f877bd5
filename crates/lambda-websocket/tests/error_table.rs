//! What an error does on each kind of route: the status, the body, and whether Lambda records a function error. The table for users is
//! `docs/errors.md`.

// Clippy's exception for tests does not reach their helpers.
#![allow(clippy::unwrap_used)]

use lambda_websocket::{
    Accept, Allow, Authorize, Connect, Deny, Disconnect, Json, Message, PostError, Reject, Route, RouteError, Routes,
    Text, authorize, connect, disconnect, one_way, two_way,
};
use serde_json::{Value, json};

fn event(event_type: &str, body: &str) -> String {
    let route_key = match event_type {
        "CONNECT" => "$connect",
        "DISCONNECT" => "$disconnect",
        _ => "hello",
    };
    json!({
        "requestContext": {
            "routeKey": route_key, "eventType": event_type, "connectionId": "L0SM9cOFvHcCIhw=",
            "requestId": "L0SNAc7LvHcFXMw=", "connectedAt": 1_762_426_800_123_i64,
            "requestTimeEpoch": 1_762_426_804_011_i64
        },
        "body": body
    })
    .to_string()
}

/// Status and body of an answer, or the type of the function error.
type Outcome = Result<(u16, Option<String>), &'static str>;

async fn outcome(route: &Route<'_>, event: &str) -> Outcome {
    let answer = route.replay(event).await.map_err(|error| error.error_type())?;
    Ok((answer.status_code(), answer.body().map(str::to_owned)))
}

fn internal() -> std::io::Error {
    std::io::Error::other("the secret cause")
}

/// The frame for a text, as a body.
fn frame(text: &str) -> Option<String> {
    Some(format!(r#"{{"message":"{text}","connectionId":"L0SM9cOFvHcCIhw=","requestId":"L0SNAc7LvHcFXMw="}}"#))
}

#[tokio::test]
async fn on_connect_an_error_is_the_status_of_the_handshake() {
    async fn check(reject: impl Fn() -> Reject, status: u16, text: &str) {
        let route = connect(async |_: Connect| Err(reject()));
        assert_eq!(outcome(&route, &event("CONNECT", "")).await, Ok((status, Some(text.to_owned()))));
    }
    check(|| Reject::bad_request("no token"), 400, "no token").await;
    check(|| Reject::unauthorized("who?"), 401, "who?").await;
    check(|| Reject::forbidden("not you"), 403, "not you").await;
    check(|| Reject::status::<429>("full"), 429, "full").await;
    check(|| internal().into(), 500, "Failed to connect: internal error").await;
    let route = connect(async |_: Connect| Ok(Accept::new()));
    assert_eq!(outcome(&route, &event("CONNECT", "")).await, Ok((200, Some("Connected".to_owned()))));
}

const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcd123456/prod/$connect";

/// An authorizer's event, which is a `$connect` event with a type and a method ARN.
fn authorizer_event() -> Value {
    let mut event: Value = serde_json::from_str(&event("CONNECT", "")).unwrap();
    event["type"] = "REQUEST".into();
    event["methodArn"] = ARN.into();
    event
}

/// The principal that a policy allows in, `None` if it denies; or type and message of the function error.
type Verdict = Result<Option<String>, (&'static str, String)>;

async fn verdict(handler: impl AsyncFn(Authorize) -> Result<Allow, Deny>, event: &Value) -> Verdict {
    let answer = authorize(handler).replay(&event.to_string()).await;
    let policy = answer.map_err(|error| (error.error_type(), error.message().to_owned()))?;
    assert_eq!(policy.resource(), ARN);
    Ok(policy.allows().then(|| policy.principal_id().to_owned()))
}

fn failure(error_type: &'static str, message: &str) -> Verdict {
    Err((error_type, message.to_owned()))
}

#[tokio::test]
async fn an_authorizer_lets_in_only_the_clients_that_it_allows() {
    async fn check(answer: impl Fn() -> Result<Allow, Deny>, expected: Verdict) {
        assert_eq!(verdict(async |_| answer(), &authorizer_event()).await, expected);
    }
    check(|| Ok(Allow::new("alice")), Ok(Some("alice".to_owned()))).await;
    check(|| Err(Deny::forbidden("not you")), Ok(None)).await;
    // To the letter: API Gateway turns this message into 401, and every other into 500.
    check(|| Err(Deny::unauthorized("who?")), failure("Unauthorized", "Unauthorized")).await;
    let internal_error = |cause: &str| failure("InternalError", &format!("the authorizer failed: {cause}"));
    check(|| Err(internal().into()), internal_error("the secret cause")).await;
    check(|| Err(std::io::Error::other("Unauthorized").into()), internal_error("Unauthorized")).await;
    check(|| Err(Deny::internal("the secret cause")), internal_error("the secret cause")).await;

    let empty = "the principal is empty: name the client that is allowed in";
    check(|| Ok(Allow::new("")), internal_error(empty)).await;
    let large = || Ok(Allow::new("alice").with_context("data", "x".repeat(8192)));
    let (error_type, message) = verdict(async |_| large(), &authorizer_event()).await.unwrap_err();
    assert_eq!((error_type, message.contains("and 8192 are allowed")), ("InternalError", true), "{message}");

    let panicking = || -> bool { panic!("Unauthorized") };
    let handler = async |_: Authorize| if panicking() { Ok(Allow::new("alice")) } else { unreachable!() };
    let panicked = failure("HandlerPanicked", "the handler panicked: Unauthorized");
    assert_eq!(verdict(handler, &authorizer_event()).await, panicked);
}

#[tokio::test]
async fn an_authorizer_answers_no_other_event() {
    type Change = fn(&mut Value);
    let cases: [(Change, &str); 10] = [
        (|event| *event = json!("garbage"), "Missing RequestContext"),
        (|event| event["requestContext"] = Value::Null, "Missing RequestContext"),
        (|event| event["requestContext"]["connectionId"] = Value::Null, "Missing connectionId"),
        (|event| event["requestContext"]["connectionId"] = json!("../x"), "Malformed connectionId"),
        (|event| event["requestContext"]["eventType"] = json!("MESSAGE"), "Wrong event type: expected CONNECT"),
        (|event| event["type"] = json!("TOKEN"), "Wrong type: expected REQUEST"),
        (|event| event["methodArn"] = Value::Null, "Missing methodArn"),
        (|event| event["methodArn"] = json!("*"), "Malformed methodArn"),
        (|event| event["methodArn"] = json!([ARN]), "Malformed event"),
        (|event| event["headers"] = json!(7), "Malformed event"),
    ];
    for (change, message) in cases {
        let mut event = authorizer_event();
        change(&mut event);
        let never = async |_: Authorize| -> Result<Allow, Deny> { panic!("asked") };
        assert_eq!(verdict(never, &event).await, failure("BadEvent", message), "{event}");
    }
    let error = authorize(async |_| Ok(Allow::new("alice"))).replay("{").await.unwrap_err();
    assert_eq!(error.message(), "Malformed event");
}

#[tokio::test]
async fn on_a_two_way_route_a_client_error_is_a_frame_and_our_error_a_function_error() {
    async fn check(error: impl Fn() -> RouteError, expected: Outcome) {
        let route = two_way(async |_: Message<Text>| Err::<Text, _>(error()));
        assert_eq!(outcome(&route, &event("MESSAGE", "")).await, expected);
    }
    let too_large = "The message is too large: 200000 bytes, and 131072 are allowed";
    check(|| RouteError::bad_request("mend this"), Ok((400, frame("mend this")))).await;
    check(|| RouteError::forbidden("not you"), Ok((403, frame("not you")))).await;
    check(|| PostError::TooLarge { bytes: 200_000 }.into(), Ok((400, frame(too_large)))).await;
    check(|| PostError::Throttled.into(), Err("InternalError")).await;
    check(|| internal().into(), Err("InternalError")).await;

    let route = two_way(async |event: Message<Json<Value>>| Ok(event.body));
    assert_eq!(outcome(&route, &event("MESSAGE", "[1]")).await, Ok((200, Some("[1]".to_owned()))));
    let (status, body) = outcome(&route, &event("MESSAGE", "[1")).await.unwrap();
    assert_eq!((status, body.unwrap().contains("The message is not JSON")), (400, true));
}

#[tokio::test]
async fn the_text_for_a_client_is_one_line_of_limited_length() {
    let route = two_way(async |_: Message<Json<u64>>| Ok(Text::default()));
    let long = format!(r#""{}\\n""#, "x".repeat(100_000));
    let (status, body) = outcome(&route, &event("MESSAGE", &long)).await.unwrap();
    assert_eq!(status, 400);
    assert!(body.unwrap().len() < 700);

    let route = two_way(async |_: Message<Text>| Err::<Text, _>(RouteError::bad_request("one\nERROR two")));
    assert_eq!(outcome(&route, &event("MESSAGE", "")).await, Ok((400, frame("one ERROR two"))));
}

#[tokio::test]
async fn a_reply_over_the_limit_is_our_error() {
    let route = two_way(async |_: Message<Text>| Ok(Text("x".repeat(128 * 1024 + 1))));
    assert_eq!(outcome(&route, &event("MESSAGE", "")).await, Err("InternalError"));
    let route = two_way(async |_: Message<Text>| Ok(Text("x".repeat(128 * 1024))));
    assert_eq!(outcome(&route, &event("MESSAGE", "")).await.unwrap().0, 200);
}

#[tokio::test]
async fn on_a_one_way_route_the_answer_has_a_status_and_no_body() {
    let route = one_way(async |_: Message<Text>| Err(RouteError::bad_request("mend this")));
    assert_eq!(outcome(&route, &event("MESSAGE", "")).await, Ok((400, None)));
    let route = one_way(async |_: Message<Text>| Err(RouteError::forbidden("not you")));
    assert_eq!(outcome(&route, &event("MESSAGE", "")).await, Ok((403, None)));
    let route = one_way(async |_: Message<Text>| Err(internal().into()));
    assert_eq!(outcome(&route, &event("MESSAGE", "")).await, Err("InternalError"));
}

#[tokio::test]
async fn on_disconnect_every_error_is_a_function_error() {
    for error in [|| RouteError::bad_request("not heard"), || RouteError::internal("the secret cause")] {
        let route = disconnect(async |_: Disconnect| Err(error()));
        assert_eq!(outcome(&route, &event("DISCONNECT", "")).await, Err("InternalError"));
    }
}

#[tokio::test]
async fn a_panic_is_a_function_error_on_every_kind_of_route() {
    let panicking = || -> bool { panic!("on purpose") };
    let routes = [
        (connect(async |_: Connect| if panicking() { Ok(Accept::new()) } else { unreachable!() }), "CONNECT"),
        (disconnect(async |_: Disconnect| if panicking() { Ok(()) } else { unreachable!() }), "DISCONNECT"),
        (one_way(async |_: Message<Text>| if panicking() { Ok(()) } else { unreachable!() }), "MESSAGE"),
        (two_way(async |event: Message<Text>| if panicking() { Ok(event.body) } else { unreachable!() }), "MESSAGE"),
    ];
    for (route, event_type) in routes {
        assert_eq!(outcome(&route, &event(event_type, "")).await, Err("HandlerPanicked"), "{event_type}");
    }
}

#[tokio::test]
async fn the_kind_and_the_route_must_be_the_ones_that_are_served() {
    let wrong = |kind: &str| Ok((400, Some(format!("Wrong event type: expected {kind}"))));
    let route = connect(async |_: Connect| Ok(Accept::new()));
    assert_eq!(outcome(&route, &event("MESSAGE", "")).await, wrong("CONNECT"));
    let route = two_way(async |event: Message<Text>| Ok(event.body));
    assert_eq!(outcome(&route, &event("DISCONNECT", "")).await, wrong("MESSAGE"));

    let greeting = String::from("borrowed from main");
    let routes = Routes::new()
        .connect(async |_: Connect| Ok(Accept::new()))
        .two_way("hello", async |_: Message<Text>| Ok(Text::from(greeting.as_str())))
        .into_route();
    assert_eq!(outcome(&routes, &event("CONNECT", "")).await.unwrap().0, 200);
    assert_eq!(outcome(&routes, &event("MESSAGE", "")).await, Ok((200, Some(greeting.clone()))));
    assert_eq!(outcome(&routes, &event("DISCONNECT", "")).await, Ok((400, Some("Unknown route key".to_owned()))));
}

#[tokio::test]
async fn a_wrong_event_gets_400_with_its_fault_as_body_on_every_kind_of_route() {
    type Change = fn(&mut Value);
    let faults: [(Change, &str); 5] = [
        (|event| event["requestContext"] = Value::Null, "Missing RequestContext"),
        (|event| event["requestContext"]["connectionId"] = Value::Null, "Missing connectionId"),
        (|event| event["requestContext"]["connectionId"] = json!("../x"), "Malformed connectionId"),
        (|event| event["requestContext"]["eventType"] = json!("PING"), "Wrong event type: expected "),
        (|event| event["body"] = json!(7), "Malformed event"),
    ];
    let routes = [
        (connect(async |_: Connect| unreachable!()), "CONNECT"),
        (disconnect(async |_: Disconnect| unreachable!()), "DISCONNECT"),
        (one_way(async |_: Message<Text>| unreachable!()), "MESSAGE"),
        (two_way(async |_: Message<Text>| -> Result<Text, RouteError> { unreachable!() }), "MESSAGE"),
    ];
    for (route, kind) in &routes {
        for (change, text) in faults {
            let mut event: Value = serde_json::from_str(&event(kind, "")).unwrap();
            change(&mut event);
            let expected = text.to_owned() + if text.ends_with(' ') { kind } else { "" };
            assert_eq!(outcome(route, &event.to_string()).await, Ok((400, Some(expected))), "{kind}: {event}");
        }
    }
}

#[tokio::test]
async fn a_replay_posts_nowhere_unless_it_is_told_where() {
    let route = one_way(async |event: Message<Text>| {
        let _delivery = event.connections().post(event.id(), &event.body).await?;
        Ok(())
    });
    let error = route.replay(&event("MESSAGE", "hello")).await.unwrap_err();
    assert!(error.message().contains("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"), "{}", error.message());
}
