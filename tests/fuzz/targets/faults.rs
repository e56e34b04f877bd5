//! Faults, as they are set at the console.
#![no_main]

use fuzz::{Format, Sample, fuzz};
use serde_json::{Value, json};
use websocket_gateway::fuzzing;

fuzz!(Format::Json, samples(), run);

const ID: &str = "L0SM9cOFvHcCIhw=";

fn samples() -> Vec<Sample> {
    let good = [
        json!({ "kind": "slow", "function": "HelloFunction", "ms": 2000 }),
        json!({ "kind": "failing", "function": "HelloFunction", "once": true }),
        json!({ "kind": "throttled", "function": "HelloFunction", "once": false }),
        json!({ "kind": "posts", "status": 410, "connectionId": ID }),
        json!({ "kind": "posts", "status": 429 }),
        json!({ "kind": "handshakes", "status": 503 }),
        json!({ "kind": "notReading", "connectionId": ID }),
    ];
    let bad = [
        json!({ "kind": "slow", "function": "HelloFunction", "ms": 29_001 }),
        json!({ "kind": "posts", "status": 200 }),
        json!({ "kind": "handshakes", "status": 302 }),
        json!({ "kind": "notReading", "connectionId": ID, "once": true }),
        json!({ "kind": "notReading", "connectionId": "not an id" }),
        json!([]),
    ];
    let good = good.map(|fault| Sample::good(fault.to_string()));
    good.into_iter().chain(bad.map(|fault| Sample::bad(fault.to_string()))).collect()
}

fn run(data: &[u8]) -> bool {
    let fault = match fuzzing::fault(data) {
        Ok(fault) => fault,
        Err(why) => {
            assert!(!why.trim().is_empty(), "nothing says why");
            return false;
        }
    };
    assert_eq!(fuzzing::fault(fault.to_string().as_bytes()).as_ref(), Ok(&fault), "it is read the same way again");
    let number = |name: &str| fault[name].as_u64();
    let is_allowed = match fault["kind"].as_str() {
        Some("slow") => number("ms").is_some_and(|ms| (1..=29_000).contains(&ms)) && fault["function"].is_string(),
        Some("failing" | "throttled") => fault["function"].is_string(),
        Some("posts") => matches!(number("status"), Some(410 | 429)),
        Some("handshakes") => number("status").is_some_and(|status| (400..600).contains(&status)),
        Some("notReading") => fault["connectionId"].is_string() && fault["once"] == false,
        _ => false,
    };
    assert!(is_allowed, "{fault}");
    // What was written is all that was meant.
    let Ok(Value::Object(written)) = serde_json::from_slice(data) else { panic!("it is not an object") };
    assert!(written.iter().all(|(name, value)| fault.get(name) == Some(value) || value.is_null()), "{fault}");
    true
}
