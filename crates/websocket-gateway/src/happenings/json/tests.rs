use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::{Batch, Door, Invocation, InvocationResult, Reloaded, ReportStatus};
use super::*;
use crate::api::RateLimit;

/// The guide.
const GUIDE: &str = include_str!("../../../docs/happenings.md");

/// One of each kind, with every field.
fn samples() -> Vec<What> {
    let (connection_id, request_id) = ("L0SM9cOFvHcCIhw=".to_owned(), "L0SNAGH0vHcF7Ag=".to_owned());
    let (function, route_key, why) = ("Hello".to_owned(), "hello".to_owned(), "a reason".to_owned());
    let (message, took) = (Bytes::from_static(b"{\"action\":\"hello\"}"), Duration::from_micros(2350));
    let id = || connection_id.clone();
    vec![
        What::Serving { url: "ws://127.0.0.1:3001/prod".to_owned() },
        What::Connecting { connection_id: id(), source_ip: "127.0.0.1".to_owned() },
        What::Authorized { connection_id: id(), request_id: request_id.clone(), function: function.clone(), took },
        What::Refused {
            door: Door::WebSocket,
            status: 403,
            connection_id: Some(id()),
            request_id: Some(request_id.clone()),
            why: why.clone(),
        },
        What::Opened { connection_id: id() },
        What::Received { connection_id: id(), message: message.clone() },
        What::NoRoute {
            connection_id: id(),
            request_id: request_id.clone(),
            message: message.clone(),
            why: why.clone(),
        },
        What::Unserved {
            connection_id: id(),
            request_id: request_id.clone(),
            route_key: route_key.clone(),
            why: why.clone(),
        },
        What::Event {
            connection_id: id(),
            request_id: request_id.clone(),
            route_key: route_key.clone(),
            function: function.clone(),
            event: Bytes::from_static(b"{\"isBase64Encoded\": false}"),
        },
        What::Invoked(Invocation {
            connection_id: id(),
            request_id: request_id.clone(),
            route_key: route_key.clone(),
            function: function.clone(),
            event: Bytes::from_static(b"{}"),
            took,
            result: InvocationResult::Status(200),
            answer: Some(Bytes::from_static(b"{\"statusCode\":200}")),
            error: Some(why.clone()),
        }),
        What::ReplyTooLarge { connection_id: id(), route_key, bytes: 131_073 },
        What::NotSigned { method: "POST".to_owned(), path: "/prod/@connections/x".to_owned() },
        What::UnknownKeys { method: "POST".to_owned(), path: "/prod/@connections/x".to_owned() },
        What::Posted {
            connection_id: Some(id()),
            method: "POST".to_owned(),
            function: Some(function.clone()),
            status: 200,
            message: message.clone(),
        },
        What::RateLimited { limit: RateLimit::new(2, 3).unwrap() },
        What::PostNotUtf8 { connection_id: id() },
        What::Paused { connection_id: id() },
        What::Delivered { connection_id: id(), message },
        What::Closed { connection_id: id(), code: 1000, reason: why.clone() },
        What::Output { function: function.clone(), line: "\u{1b}[31mred\u{1b}[0m".to_owned() },
        What::Start { function: function.clone(), request_id: request_id.clone() },
        What::End { function: function.clone(), request_id: request_id.clone() },
        What::Report {
            function: function.clone(),
            request_id,
            took,
            init: Some(took),
            memory_size: 128,
            max_memory_used: Some(9),
            status: Some(ReportStatus::ExitError),
        },
        What::OverMemory { function: function.clone(), used: 200, memory_size: 128 },
        What::IdleExit { function: function.clone(), status: "exit status: 1".to_owned() },
        What::Killed { function: function.clone() },
        What::ProcessesKilled { function: function.clone(), processes: 2 },
        What::FaultBegan {
            fault: "Hello fails".to_owned(),
            function: Some(function.clone()),
            connection_id: Some(id()),
        },
        What::FaultEnded {
            fault: "Hello fails".to_owned(),
            function: Some(function.clone()),
            connection_id: Some(id()),
        },
        What::ClockMoved { by: Duration::from_secs(60) },
        What::InvocationFailed { function: function.clone(), why: why.clone() },
        What::StoreCalled { function: Some(function.clone()), operation: "PutItem".to_owned(), status: 200 },
        What::Queued {
            queue: "jobs".to_owned(),
            message_id: "m".to_owned(),
            function: Some(function.clone()),
            message: Bytes::from_static(b"a job"),
        },
        What::Batch(Batch {
            queue: "jobs".to_owned(),
            function: function.clone(),
            event: Bytes::from_static(b"{\"Records\":[]}"),
            messages: 1,
            failed: vec!["m".to_owned()],
            took,
            answer: Some(Bytes::from_static(b"null")),
            error: Some(why.clone()),
        }),
        What::DeadLettered {
            queue: "jobs".to_owned(),
            dead_letter_queue: "dead".to_owned(),
            message_id: "m".to_owned(),
            receives: 3,
        },
        What::Expired { queue: "jobs".to_owned(), messages: 2 },
        What::NotPolled { queue: "jobs".to_owned(), why: why.clone() },
        What::StoreFailed { why: why.clone() },
        What::NotRecorded { why },
        What::Reloaded(Reloaded { functions: vec![function], api: true }),
        What::StoppedEarly,
        What::Missed { count: 3 },
    ]
}

fn json_of(what: What) -> Value {
    serde_json::to_value(Happening { at_ms: 7, level: Level::Info, by_hand: false, what }).unwrap()
}

#[test]
fn what_a_person_did_says_so() {
    let killed = What::ProcessesKilled { function: "Hello".to_owned(), processes: 1 };
    let json =
        serde_json::to_value(Happening { at_ms: 7, level: Level::Warning, by_hand: true, what: killed }).unwrap();
    assert_eq!(
        (&json["byHand"], &json["text"]),
        (&json!(true), &json!("Hello: its process was killed, by hand at the console"))
    );
}

#[test]
fn the_guide_lists_every_kind_with_its_fields() {
    let rows = GUIDE.lines().filter_map(|line| line.strip_prefix("| `"));
    let names = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<BTreeSet<_>>();
    let documented: BTreeMap<_, _> = rows
        .filter_map(|row| {
            let mut cells = row.split(" | ");
            let (kind, _, fields) = (cells.next()?, cells.next()?, cells.next()?);
            Some((kind.trim_end_matches('`').to_owned(), names(fields)))
        })
        .collect();
    let all = ["at", "level", "what", "text"];
    let told: BTreeMap<_, _> = samples()
        .into_iter()
        .map(|what| {
            let json = json_of(what);
            let fields =
                json.as_object().unwrap().keys().filter(|name| !all.contains(&name.as_str())).cloned().collect();
            (json["what"].as_str().unwrap().to_owned(), fields)
        })
        .collect();
    assert_eq!(documented, told);
}

#[test]
fn a_happening_is_one_flat_object() {
    let json = json_of(What::Refused {
        door: Door::DynamoDb,
        status: 400,
        connection_id: None,
        request_id: None,
        why: "no\n\u{1b}[2J".to_owned(),
    });
    assert_eq!(
        json,
        json!({
            "at": 7, "level": "info", "what": "refused", "door": "dynamoDb", "status": 400, "why": "no\n\u{1b}[2J",
            "text": r"no\n\u{1b}[2J"
        })
    );
    let failed = Invocation {
        connection_id: "c".to_owned(),
        request_id: "r".to_owned(),
        route_key: "hello".to_owned(),
        function: "Hello".to_owned(),
        event: Bytes::from_static(b"{}"),
        took: Duration::from_millis(2),
        result: InvocationResult::TimedOut,
        answer: None,
        error: None,
    };
    let json = json_of(What::Invoked(failed));
    assert_eq!((&json["what"], &json["result"], &json["tookMs"]), (&json!("invoked"), &json!("timedOut"), &json!(2.0)));
    assert!(json.get("status").is_none() && json.get("event").is_none(), "{json}");
    let output = What::Output { function: "Hello".to_owned(), line: "\u{1b}[31mred\u{1b}[0m".to_owned() };
    assert_eq!(json_of(output)["text"], "red");
}

#[test]
fn an_event_is_itself_without_its_secrets() {
    let event = |json: &'static str| What::Event {
        connection_id: "c".to_owned(),
        request_id: "r".to_owned(),
        route_key: "$connect".to_owned(),
        function: "Connect".to_owned(),
        event: Bytes::from_static(json.as_bytes()),
    };
    let happening = |json| Happening { at_ms: 7, level: Level::Detail, by_hand: false, what: event(json) };
    let as_written = r#"{"requestContext": {"routeKey":"hello"}, "body":"token"}"#;
    assert!(serde_json::to_string(&happening(as_written)).unwrap().contains(as_written));
    let secret = serde_json::to_string(&happening(r#"{"headers":{"Cookie":"id=hunter2"}}"#)).unwrap();
    assert!(secret.contains(r#"{"headers":{"Cookie":"***"}}"#), "{secret}");
}
