//! What a client hears when its message is refused: in the default shape, in an application's own, and after the session's deadline.

// Clippy's exception for tests does not reach their helpers.
#![allow(clippy::panic, clippy::unwrap_used)]

use std::convert::Infallible;

use lambda_websocket::{Body, Json, Message, Payload, Refusal, Route, RouteError, Routes, Text, one_way, two_way};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A message that API Gateway got at this time, in milliseconds since 1970.
fn event(body: &str, authorizer: &Value, time: u64) -> String {
    let mut event: Value = serde_json::from_str(include_str!("../../../events/default.json")).unwrap();
    event["body"] = body.into();
    event["requestContext"]["authorizer"] = authorizer.clone();
    event["requestContext"]["requestTimeEpoch"] = time.into();
    event.to_string()
}

async fn refusal(route: &Route<'_>, body: &str) -> Value {
    let answer = route.replay(&event(body, &json!({}), 0)).await.unwrap();
    let frame = serde_json::from_str(answer.body().unwrap()).unwrap();
    assert!((400..500).contains(&answer.status_code()), "{frame}");
    frame
}

#[tokio::test]
async fn a_code_is_in_the_default_frame_if_there_is_one() {
    let ids = r#""connectionId":"TnAb3dVvDoECJ5A=","requestId":"TnAbcF9YDoEFkRw="}"#;
    let frame = async |error: fn() -> RouteError| {
        let route = two_way(async |_: Message<Text>| Err::<Text, _>(error()));
        route.replay(&event("", &json!({}), 0)).await.map(|answer| answer.body().unwrap().to_owned())
    };
    let without = frame(|| RouteError::bad_request("Full")).await.unwrap();
    assert_eq!(without, format!(r#"{{"message":"Full",{ids}"#));
    let with = frame(|| RouteError::forbidden("Full").with_code("full")).await.unwrap();
    assert_eq!(with, format!(r#"{{"message":"Full","code":"full",{ids}"#));
    let computed = frame(|| RouteError::bad_request("Full").with_code(format!("E{}", 7))).await.unwrap();
    assert!(computed.contains(r#""code":"E7""#), "{computed}");
    // Our own failures have no frame, with or without a code.
    let error = frame(|| RouteError::internal("the secret cause").with_code("full")).await.unwrap_err();
    assert_eq!(error.error_type(), "InternalError");
}

#[derive(Debug, Deserialize, Serialize)]
struct Call {
    id: Value,
    method: String,
}

#[derive(Serialize)]
struct RpcError {
    id: Value,
    error: RpcFault,
}

#[derive(Serialize)]
struct RpcFault {
    code: i32,
    message: String,
    data: Value,
}

#[derive(Deserialize)]
struct Sent {
    id: Value,
}

fn json_rpc(refusal: &Refusal<'_>) -> Json<RpcError> {
    let id = refusal.read::<Json<Sent>>().map_or(Value::Null, |Json(sent)| sent.id);
    let code = refusal.code().and_then(|code| code.parse().ok()).unwrap_or(-32600);
    let data = json!([refusal.status(), refusal.id(), refusal.request_id(), refusal.route_key()]);
    Json(RpcError { id, error: RpcFault { code, message: refusal.text().to_owned(), data } })
}

async fn call(event: Message<Json<Call>>) -> Result<Json<Value>, RouteError> {
    match event.body.method.as_str() {
        "stop" => Err(RouteError::forbidden("You may not").with_code("-32001")),
        "fail" => Err(RouteError::internal("the secret cause")),
        _ => Ok(Json(event.body.id.clone())),
    }
}

#[tokio::test]
async fn an_application_makes_its_own_frames_also_of_messages_that_can_not_be_read() {
    let routes =
        || [two_way(call).error_frame(json_rpc), Routes::new().two_way("$default", call).error_frame(json_rpc).into()];
    let error = |id: Value, code: i32, message: &str, status: u16| {
        let data = json!([status, "TnAb3dVvDoECJ5A=", "TnAbcF9YDoEFkRw=", "$default"]);
        json!({ "id": id, "error": { "code": code, "message": message, "data": data } })
    };
    for route in routes() {
        let stopped = refusal(&route, r#"{"id":"a\"1","method":"stop"}"#).await;
        assert_eq!(stopped, error(json!("a\"1"), -32001, "You may not", 403));
        // The message does not fit the route, and its id is there all the same.
        let text = "Invalid message: missing field `method` at line 1 column 8";
        assert_eq!(refusal(&route, r#"{"id":7}"#).await, error(json!(7), -32600, text, 400));
        let text = "The message is not JSON: EOF while parsing a value at line 1 column 6";
        assert_eq!(refusal(&route, r#"{"id":"#).await, error(Value::Null, -32600, text, 400));
        let text = "The message is not JSON: EOF while parsing a value at line 1 column 0";
        assert_eq!(refusal(&route, "").await, error(Value::Null, -32600, text, 400));

        let answer = route.replay(&event(r#"{"id":7,"method":"go"}"#, &json!({}), 0)).await.unwrap();
        assert_eq!((answer.status_code(), answer.body()), (200, Some("7")));
        let failed = route.replay(&event(r#"{"id":7,"method":"fail"}"#, &json!({}), 0)).await.unwrap_err();
        assert_eq!(failed.error_type(), "InternalError");
    }
}

#[tokio::test]
async fn the_frame_of_a_route_wins_over_one_around_it() {
    let inner = two_way(call).error_frame(|_: &Refusal<'_>| Json("inner"));
    assert_eq!(refusal(&inner.error_frame(|_: &Refusal<'_>| Json("outer")), "").await, "inner");
}

#[tokio::test]
async fn a_frame_that_can_not_be_made_is_our_failure() {
    let broken = || -> Value { panic!("on purpose") };
    let route = two_way(call).error_frame(|_: &Refusal<'_>| Json(broken()));
    let panicked = route.replay(&event("", &json!({}), 0)).await.unwrap_err();
    assert_eq!(panicked.error_type(), "HandlerPanicked");
    let route = two_way(call).error_frame(|_: &Refusal<'_>| Text("x".repeat(128 * 1024 + 1)));
    let too_large = route.replay(&event("", &json!({}), 0)).await.unwrap_err();
    assert!(too_large.message().contains("too large: 131073 bytes"), "{too_large}");
}

/// Words, one after the other.
struct Words(Vec<String>);

impl Body for Words {
    type Error = &'static str;

    fn read(message: String) -> Result<Self, &'static str> {
        if message.is_empty() {
            Err("Say something")
        } else {
            Ok(Self(message.split(' ').map(str::to_owned).collect()))
        }
    }
}

impl Payload for Words {
    type Error = Infallible;

    fn to_text(&self) -> Result<String, Infallible> {
        Ok(self.0.join(" "))
    }
}

struct Unspeakable;

impl Payload for Unspeakable {
    type Error = std::fmt::Error;

    fn to_text(&self) -> Result<String, std::fmt::Error> {
        Err(std::fmt::Error)
    }
}

#[tokio::test]
async fn bodies_and_payloads_may_be_the_applications() {
    let route = two_way(async |event: Message<Words>| Ok(Words(event.body.0.into_iter().rev().collect())));
    let answer = route.replay(&event("one two three", &json!({}), 0)).await.unwrap();
    assert_eq!(answer.body(), Some("three two one"));
    assert_eq!(refusal(&route, "").await["message"], "Say something");

    let route = two_way(async |_: Message<Text>| Ok(Unspeakable));
    let error = route.replay(&event("", &json!({}), 0)).await.unwrap_err();
    assert_eq!(error.error_type(), "InternalError");
}

const EXP: u64 = 1_762_430_400;

#[tokio::test]
async fn after_the_sessions_deadline_messages_are_refused_on_both_kinds_of_route() {
    async fn echo(event: Message<Text>) -> Result<Text, RouteError> {
        assert_eq!(event.exp(), Some(EXP));
        Ok(event.body)
    }
    let two_way = two_way(echo);
    let one_way = one_way(async |event| echo(event).await.map(drop));
    // As API Gateway passes it on, and as an emulator may.
    for exp in [json!(EXP.to_string()), json!(EXP)] {
        let at = |ms| event("hello", &json!({ "principalId": "amy", "exp": exp }), ms);
        // Not as API Gateway writes it today, so it is read in another way.
        let unusual = at(EXP * 1000).replacen('{', r#"{"new":{},"#, 1);
        assert_eq!(two_way.replay(&unusual).await.unwrap().status_code(), 403);
        let status = async |route: &Route<'_>, ms| route.replay(&at(ms)).await.unwrap().status_code();
        for route in [&two_way, &one_way] {
            assert_eq!(status(route, EXP * 1000 - 1).await, 200);
            assert_eq!(status(route, EXP * 1000).await, 403);
            assert_eq!(status(route, EXP * 1000 + 3_600_000).await, 403);
        }
        let ended = two_way.replay(&at(EXP * 1000)).await.unwrap();
        let frame: Value = serde_json::from_str(ended.body().unwrap()).unwrap();
        assert_eq!(
            (&frame["code"], &frame["message"]),
            (&json!("session_ended"), &json!("The session has ended: connect again"))
        );
    }
}

#[tokio::test]
async fn the_deadline_comes_before_the_body_and_its_frame_may_be_the_applications() {
    let route = two_way(call).error_frame(|refusal: &Refusal<'_>| Text::from(refusal.code().unwrap_or("none")));
    let code = async |event: String| route.replay(&event).await.unwrap().body().map(str::to_owned);
    assert_eq!(code(event("no JSON", &json!({ "exp": "7" }), 7000)).await.as_deref(), Some("session_ended"));
    assert_eq!(code(event("no JSON", &json!({ "exp": "7" }), 6999)).await.as_deref(), Some("none"));
}

#[tokio::test]
async fn a_session_without_a_deadline_has_none_and_a_deadline_that_is_none_is_an_error() {
    let route = two_way(async |event: Message<Text>| Ok(Text(format!("{:?}", event.exp()))));
    for authorizer in [json!({}), json!({ "principalId": "amy" }), json!({ "exp": null })] {
        let answer = route.replay(&event("", &authorizer, u64::from(u32::MAX))).await.unwrap();
        assert_eq!(answer.body(), Some("None"), "{authorizer}");
    }
    for exp in [json!("tomorrow"), json!("1762430400000"), json!(true)] {
        let error = route.replay(&event("", &json!({ "exp": exp }), 0)).await.unwrap_err();
        assert_eq!(error.error_type(), "InternalError");
        assert!(error.message().contains("is not a number of seconds since 1970"), "{error}");
    }
}
