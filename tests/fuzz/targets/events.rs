//! Lambda's JSON through the core crate, as every kind of route and as an authorizer.
#![no_main]

use std::fmt::Debug;
use std::time::UNIX_EPOCH;

use fuzz::{Format, Sample, Tree, fuzz, now, samples};
use lambda_websocket::{
    Accept, Allow, Authorize, Connect, Deny, Disconnect, FunctionError, Handshake, Json, Message, Refusal, Reject,
    RequestContext, Response, Route, RouteError, Routes, Text, authorize, connect, disconnect, one_way, two_way,
};
use serde::Deserialize;
use serde_json::Value;

fuzz!(Format::Json, samples(), run);

fn samples() -> Vec<Sample> {
    let mut samples = samples::events();
    let context = r#""authorizer":{"principalId":"amy","integrationLatency":21,"tenant":"acme","admin":"true","level":"3","exp":"4102444800"},"#;
    let message = samples::file("events/default.json", true).text;
    samples.push(Sample::good(message.replacen(r#""eventType""#, &format!(r#"{context}"eventType""#), 1)));
    samples
}

/// True if a route has taken the event.
fn run(data: &[u8]) -> bool {
    let Ok(json) = std::str::from_utf8(data) else { return false };
    let answers = answers(json);
    // Members in another order take the long way through the reader, which must come to the same answers.
    if let Ok(value) = serde_json::from_str::<Value>(json)
        && let Some(tree) = Tree::of_json(json)
        && !has_twice(&tree)
    {
        assert_eq!(answers, self::answers(&value.to_string()), "the same event, written in another way");
    }
    // The gateway's own reader of sample events takes whatever is JSON.
    let sample = websocket_gateway::replay::SampleEvent::parse("hello.json", data.to_vec());
    assert_eq!(sample.is_ok(), serde_json::from_str::<Value>(json).is_ok());
    if let Err(error) = sample {
        says_why(&error.to_string());
    }
    answers.iter().any(|(status, _)| *status == 200)
}

/// Each kind's status and body.
fn answers(json: &str) -> Vec<(u16, String)> {
    let mut answers = vec![
        answer(connect(on_connect).replay(json)),
        answer(disconnect(on_disconnect).replay(json)),
        // A client of a one-way route is told with a post, so the answer may be empty.
        quiet_answer(one_way(async |event: Message<Text>| on_text(&event).map(drop)).replay(json)),
        answer(two_way(async |event: Message<Text>| on_text(&event).map(Text)).replay(json)),
        answer(
            two_way(async |event: Message<Json<Value>>| Ok(Json((seen(&event), event.body.0.clone())))).replay(json),
        ),
        quiet_answer(all().replay(json)),
    ];
    let authorized = now(authorize(on_authorize).replay(json)).map(|policy| {
        assert!(policy.resource().starts_with("arn:"), "{policy:?}");
        assert!(!policy.principal_id().is_empty());
        serde_json::to_string(&policy).expect("a policy can be written")
    });
    answers.push(match authorized {
        Ok(policy) => (200, policy),
        Err(error) => {
            assert_ne!(error.error_type(), "HandlerPanicked", "{error}");
            says_why(error.message());
            (500, error.to_string())
        }
    });
    answers
}

fn all<'h>() -> Route<'h> {
    let routes = Routes::new().connect(on_connect).disconnect(on_disconnect);
    routes
        .one_way("sendmessage", async |event: Message<Json<Value>>| {
            seen(&event);
            Ok(())
        })
        .two_way("$default", async |event: Message<Json<Value>>| Ok(Text(seen(&event))))
        .error_frame(frame)
        .into_route()
}

/// What the client sent can always be read once more.
fn frame(refusal: &Refusal<'_>) -> Text {
    let Ok(Text(sent)) = refusal.read();
    Text(format!("{} {:?} {} {} {sent}", refusal.status(), refusal.code(), refusal.text(), seen(refusal)))
}

fn answer(answer: impl Future<Output = Result<Response, FunctionError>>) -> (u16, String) {
    let (status, body) = quiet_answer(answer);
    assert!(status == 200 || !body.trim().is_empty(), "nothing says why: {status}");
    (status, body)
}

fn quiet_answer(answer: impl Future<Output = Result<Response, FunctionError>>) -> (u16, String) {
    match now(answer) {
        Ok(answer) => {
            serde_json::to_string(&answer).expect("an answer can be written");
            (answer.status_code(), answer.body().unwrap_or_default().to_owned())
        }
        // Only a post can fail here, because there is nothing to post to, and a deadline that is not a time.
        Err(error) => {
            assert_eq!(error.error_type(), "InternalError", "{error}");
            says_why(error.message());
            (500, error.message().to_owned())
        }
    }
}

fn says_why(text: &str) {
    assert!(!text.trim().is_empty(), "nothing says why");
}

async fn on_connect(event: Connect) -> Result<Accept, Reject> {
    let seen = handshake(&event);
    if seen.len() > 100_000 {
        return Err(Reject::bad_request(seen));
    }
    event.check_origin(&"https://chat.example.com".parse().expect("an origin"))?;
    let offered = event.subprotocols().next();
    Ok(offered.map_or(Accept::new(), Accept::with_subprotocol))
}

async fn on_disconnect(event: Disconnect) -> Result<(), RouteError> {
    let told = format!("{:?} {:?} {}", event.code(), event.reason(), seen(&event));
    if told.len() > 100_000 { Err(RouteError::bad_request(told)) } else { is_an_id(event.id().as_str()) }
}

async fn on_authorize(event: Authorize) -> Result<Allow, Deny> {
    handshake(&event);
    let user = event.query("user").or_else(|| event.header("authorization")).unwrap_or("someone");
    if user.is_empty() {
        return Err(Deny::unauthorized("nobody"));
    }
    Ok(Allow::new(user).with_context("stage", event.stage()))
}

fn on_text(event: &Message<Text>) -> Result<String, RouteError> {
    is_an_id(event.id().as_str())?;
    Ok(format!("{} {:?} {}", &*event.body, event.message_id(), seen(event)))
}

/// What was accepted as a connection id is accepted again.
fn is_an_id(id: &str) -> Result<(), RouteError> {
    assert_eq!(id.parse::<lambda_websocket::ConnectionId>().expect("an id that was accepted").as_str(), id);
    Ok(())
}

fn handshake(event: &Handshake) -> String {
    is_an_id(event.id().as_str()).ok();
    let headers: Vec<_> = event.header_all("x-forwarded-for").collect();
    let queries: Vec<_> = event.query_all("channel").collect();
    let offered: Vec<_> = event.subprotocols().map(|offered| offered.as_str()).collect();
    all_debug(&[
        &event,
        &headers,
        &queries,
        &offered,
        &event.header("Host"),
        &event.query("channel"),
        &event.subprotocol("chat.v1"),
    ]);
    format!("{headers:?} {queries:?} {offered:?} {}", seen(event))
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "it is shown")]
struct Claims<'e> {
    tenant: Option<&'e str>,
    admin: Option<bool>,
    level: Option<i8>,
    share: Option<f64>,
}

fn seen(event: &RequestContext) -> String {
    all_debug(&[&event]);
    format!(
        "{:?} {} {} {} {:?} {:?} {:?} {:?} {:?} {:?} {:?} {} {} {}",
        event.request_id(),
        event.route_key(),
        time(event.connected_at_ms()),
        time(event.request_time_ms()),
        event.source_ip(),
        event.user_agent(),
        event.authorizer("tenant"),
        event.principal_id(),
        event.authorizer_as::<Claims<'_>>().ok(),
        event.exp(),
        event.stage_variable("colour"),
        event.stage(),
        event.api_id(),
        event.domain_name(),
    )
}

fn all_debug(values: &[&dyn Debug]) {
    for value in values {
        assert!(!format!("{value:?}").is_empty());
    }
}

/// Whether an object has a key twice, or the tree has what serde would write in another way.
fn has_twice(tree: &Tree) -> bool {
    match tree {
        Tree::Map(entries) => entries
            .iter()
            .enumerate()
            .any(|(i, (key, value))| entries[..i].iter().any(|(other, _)| other == key) || has_twice(value)),
        Tree::List(items) => items.iter().any(has_twice),
        Tree::Raw(_) | Tree::Text(_) => false,
    }
}

/// An event without a time is taken to be of the time now, which passes.
fn time(ms: u64) -> String {
    const HOUR: u128 = 60 * 60 * 1000;
    let now = UNIX_EPOCH.elapsed().expect("a time after 1970").as_millis();
    if u128::from(ms).abs_diff(now) < HOUR { "now".to_owned() } else { ms.to_string() }
}
