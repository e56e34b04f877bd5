//! Policies: as an authorizer answers them, and as a template writes them.
#![no_main]

use fuzz::{Format, Sample, fuzz, samples};
use serde::Deserialize;
use serde_json::{Value, json};
use websocket_gateway::fuzzing;

fuzz!(Format::Json, samples(), run);

#[derive(Deserialize)]
struct Input {
    statements: Vec<Value>,
    action: String,
    resource: String,
}

const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:abcd123456/prod/POST/@connections/{connectionId}";

fn samples() -> Vec<Sample> {
    let input = |statements: Value, action: &str, resource: &str| {
        json!({ "statements": statements, "action": action, "resource": resource }).to_string()
    };
    let mut inputs = vec![
        Sample::good(input(
            json!([{ "Effect": "Allow", "Action": "execute-api:*", "Resource": "arn:aws:execute-api:*:*:*/prod/*/@connections/*" }]),
            "execute-api:ManageConnections",
            ARN,
        )),
        Sample::good(input(
            json!([
                { "Effect": "Allow", "Action": ["dynamodb:Get?tem", "dynamodb:Batch*"], "Resource": "*" },
                { "Effect": "Deny", "Action": "*", "Resource": ["arn:aws:dynamodb:*:*:table/Other"], "Sid": "x" },
            ]),
            "dynamodb:GetItem",
            "arn:aws:dynamodb:us-east-1:123456789012:table/Chat/index/channel",
        )),
        Sample::bad(input(
            json!([{ "Effect": "Allow", "NotAction": "s3:*", "Resource": "*", "Condition": {} }]),
            "dynamodb:GetItem",
            "*",
        )),
    ];
    for statements in samples::parts_of_templates(|key| key == "Statement") {
        let statements = serde_json::from_str(&statements.to_json()).expect("JSON");
        inputs.push(Sample::bad(input(
            statements,
            "dynamodb:PutItem",
            "arn:aws:dynamodb:us-east-1:123456789012:table/Chat",
        )));
    }
    inputs
}

fn run(data: &[u8]) -> bool {
    let Ok(Input { statements, action, resource }) = serde_json::from_slice(data) else { return false };
    let decide = |statements: &[Value]| fuzzing::decide(statements, &action, &resource);
    for statement in &statements {
        for pattern in
            texts(&statement["Resource"]).chain(texts(&statement["Action"])).filter(|pattern| pattern.len() < 200)
        {
            for text in [&action, &resource].into_iter().filter(|text| text.len() < 200) {
                assert_eq!(fuzzing::matches(pattern, text), simply_matches(pattern, text), "{pattern:?} on {text:?}");
            }
        }
    }
    let decision = match decide(&statements) {
        Ok(decision) => decision,
        Err(why) => {
            assert!(!why.trim().is_empty(), "nothing says why");
            return false;
        }
    };
    let mut reversed = statements.clone();
    reversed.reverse();
    assert_eq!(decide(&reversed), Ok(decision), "the order does not matter");
    let with =
        |effect: &str| [statements.as_slice(), &[json!({ "Effect": effect, "Action": "*", "Resource": "*" })]].concat();
    assert_eq!(decide(&with("Deny")), Ok(Some(false)), "a denial of everything denies everything");
    assert_eq!(
        decide(&with("Allow")),
        Ok(Some(decision.unwrap_or(true))),
        "only a denial is stronger than an allowance of everything"
    );
    in_a_template(&statements, &action, &resource, decision);
    true
}

/// The same statements as a function's policy in a template. If they can be read there, they mean the same for the services that the gateway guards.
fn in_a_template(statements: &[Value], action: &str, resource: &str, decision: Option<bool>) {
    let service = action.split(':').next().unwrap_or_default();
    // An object may be an intrinsic function, which only a template knows, and null means that something is not there.
    let plain = statements.iter().all(|statement| {
        let values = statement.as_object().into_iter().flat_map(|map| map.values());
        values
            .flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice))
            .all(Value::is_string)
    });
    if !["dynamodb", "execute-api"].contains(&service) || !plain || statements.is_empty() {
        return;
    }
    let template = json!({
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Api": { "Type": "AWS::Serverless::WebSocketApi", "Properties": {
                "RouteSelectionExpression": "$request.body.action",
                "Routes": { "$default": { "FunctionArn": { "Fn::GetAtt": ["Probe", "Arn"] } } },
            } },
            "Probe": { "Type": "AWS::Serverless::Function", "Properties": {
                "Runtime": "provided.al2023", "Handler": "bootstrap", "CodeUri": ".",
                "Policies": [{ "Version": "2012-10-17", "Statement": statements }],
            } },
        },
    });
    match fuzzing::template(&template.to_string()) {
        Ok(loaded) => assert_eq!(fuzzing::decide_of(&loaded.api, "Probe", action, resource), decision, "{template}"),
        Err(error) => assert!(error.location().is_some(), "{error}"),
    }
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice).iter().filter_map(Value::as_str)
}

/// What a pattern matches, found in the way that is easiest to believe.
fn simply_matches(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    // Which beginnings of the text the pattern so far matches.
    let mut matched = vec![false; text.len() + 1];
    matched[0] = true;
    for byte in pattern {
        let mut next = vec![false; text.len() + 1];
        for at in 0..=text.len() {
            next[at] = match byte {
                b'*' => matched[at] || (at > 0 && next[at - 1]),
                b'?' => at > 0 && matched[at - 1],
                byte => at > 0 && matched[at - 1] && text[at - 1] == *byte,
            };
        }
        matched = next;
    }
    matched[text.len()]
}
