//! What functions answer: proxy responses, an authorizer's policies, errors.
#![no_main]

use bytes::Bytes;
use fuzz::{Format, Sample, fuzz};
use serde_json::{Value, json};
use websocket_gateway::fuzzing;

fuzz!(Format::Json, samples(), run);

const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:abcd123456/prod/$connect";

fn samples() -> Vec<Sample> {
    let policy = |effect: &str, resource: &str| {
        let statement = json!([{ "Action": "execute-api:Invoke", "Effect": effect, "Resource": resource }]);
        json!({ "Version": "2012-10-17", "Statement": statement })
    };
    let good = [
        json!({ "statusCode": 200 }),
        json!({ "statusCode": "200", "headers": { "Sec-WebSocket-Protocol": "chat.v1", "n": 1 }, "body": "{\"x\":1}" }),
        json!({ "statusCode": 503, "headers": null, "multiValueHeaders": { "sec-websocket-protocol": ["a", "b"] }, "body": null,
            "isBase64Encoded": false }),
        json!({ "principalId": "user-1", "policyDocument": policy("Allow", ARN), "context": { "tenant": "acme", "n": 3, "b": true } }),
        json!({ "principalId": "user-1", "policyDocument": policy("Allow", "arn:aws:execute-api:*:*:*/prod/*"), "context": null }),
    ];
    let bad = [
        json!({ "principalId": "user-1", "policyDocument": policy("Deny", "*") }),
        json!({ "errorType": "Unhandled", "errorMessage": "division by zero", "stackTrace": [] }),
        json!({ "message": "Unauthorized" }),
        json!([200, {}, {}, "x", false]),
    ];
    let text = |value: Value| value.to_string();
    good.map(|sample| Sample::good(text(sample)))
        .into_iter()
        .chain(bad.map(|sample| Sample::bad(text(sample))))
        .collect()
}

fn run(data: &[u8]) -> bool {
    let answer = Bytes::copy_from_slice(data);
    let proxy = fuzzing::proxy_answer(data);
    assert_eq!(fuzzing::proxy_answer(data), proxy, "it is read in the same way again");
    match &proxy {
        Ok((status, _, body)) => {
            assert!((200..=599).contains(status), "{status}");
            // The wire's other end agrees.
            let whole: Value = serde_json::from_slice(data).expect("it was accepted");
            assert_eq!(whole["body"].as_str(), body.as_deref());
        }
        Err(why) => says_why(why),
    }
    let authorized = fuzzing::authorizer_answer(&answer, ARN);
    match &authorized {
        Ok(context) => {
            assert!(context["principalId"].is_string());
            for (name, value) in context {
                assert!(value.is_string() || (name == "integrationLatency" && value.is_u64()), "{name}: {value}");
            }
            // Whoever is let in is named by an answer that allows it: a denial of everything keeps the same client out.
            let mut denied: Value = serde_json::from_slice(data).expect("it was accepted");
            let deny = json!([{ "Action": "*", "Effect": "Deny", "Resource": "*" }]);
            denied["policyDocument"]["Statement"] = deny;
            assert!(fuzzing::authorizer_answer(&Bytes::from(denied.to_string()), ARN).is_err());
        }
        Err(why) => says_why(why),
    }
    // What it says about an error is checked in `runtime_api`.
    let _ = fuzzing::function_error(answer.clone(), Some("Runtime.Unknown"));
    for (status, failed) in [(200, false), (200, true), (500, false), (404, false)] {
        match fuzzing::remote_answer(status, failed, answer.clone()) {
            Ok(body) => assert_eq!(body, answer),
            Err(why) => says_why(&why),
        }
    }
    proxy.is_ok() || authorized.is_ok()
}

fn says_why(why: &str) {
    assert!(!why.trim().is_empty(), "nothing says why");
}
