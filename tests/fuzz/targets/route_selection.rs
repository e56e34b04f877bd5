//! Route selection expressions, and messages for them.
#![no_main]

use fuzz::{Format, Sample, fuzz, samples};
use serde::Deserialize;
use serde_json::Value;
use websocket_gateway::fuzzing;

fuzz!(Format::Json, samples(), run);

#[derive(Deserialize)]
struct Input {
    expression: String,
    message: String,
}

fn samples() -> Vec<Sample> {
    let mut inputs = Vec::new();
    let mut input = |expression: &str, message: &str| {
        let message = serde_json::json!({ "expression": expression, "message": message });
        inputs.push(Sample::good(message.to_string()));
    };
    for expression in samples::parts_of_templates(|key| key == "RouteSelectionExpression") {
        if let fuzz::Tree::Text(expression) = expression {
            input(&expression, r#"{"action":"hello","data":"x"}"#);
        }
    }
    input("$request.body.a.b[1].c", r#"{"a":{"b":[0,{"c":"deep"}]},"x":[1.5e3,null,true]}"#);
    input("${request.body.service}/${request.body.action[0]}", r#"{"service":"chat","action":["join",7]}"#);
    input(r"room-${request.body.room}-\$default\x", r#"{"room":null,"room":"twice"}"#);
    input(r"\$default", "not JSON");
    inputs
}

fn run(data: &[u8]) -> bool {
    let Ok(Input { expression, message }) = serde_json::from_slice(data) else { return false };
    match fuzzing::route_key(&expression, &message) {
        Ok(key) => {
            // A plain path finds what a search of the whole message finds.
            if let (Some(path), Ok(whole)) = (plain_path(&expression), serde_json::from_str::<Value>(&message)) {
                let found = path.iter().try_fold(&whole, |value, step| match step {
                    Step::Key(key) => value.get(key),
                    Step::Index(index) => value.get(index),
                });
                let expected = found.filter(|value| !value.is_null());
                assert_eq!(key.is_some(), expected.is_some(), "{expression} on {message}");
                if let Some(Value::String(text)) = expected {
                    assert_eq!(key.as_ref(), Some(text));
                }
            }
            true
        }
        Err(error) => {
            assert!(!error.to_string().trim().is_empty(), "nothing says why");
            false
        }
    }
}

enum Step<'e> {
    Key(&'e str),
    Index(usize),
}

/// The path of `$request.body.…`, read in a simpler way than the gateway does.
fn plain_path(expression: &str) -> Option<Vec<Step<'_>>> {
    let path = expression.strip_prefix("$request.body.")?;
    let mut steps = Vec::new();
    for segment in path.split('.') {
        let mut parts = segment.split('[');
        steps.push(Step::Key(parts.next()?));
        for index in parts {
            steps.push(Step::Index(index.strip_suffix(']')?.parse().ok()?));
        }
    }
    Some(steps)
}
