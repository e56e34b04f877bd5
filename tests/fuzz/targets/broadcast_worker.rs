//! What Lambda hands to the worker of broadcasts: an event of a queue, and in each message the job that another function has written.
#![no_main]

use std::num::NonZeroU32;

use fuzz::{Format, Sample, fuzz, now};
use lambda_runtime::{LambdaEvent, Service};
use lambda_websocket::fuzzing::{self, ReadMessage};
use lambda_websocket::{BroadcastWorker, Connections, FanOut, Registry};
use serde_json::value::RawValue;
use serde_json::{Value, json};

fuzz!(Format::Json, samples(), run);

fn samples() -> Vec<Sample> {
    let slice = json!({ "slice": { "from": "00000000", "to": "g" } });
    let members = json!({ "members": [["L0SM9cOFvHcCIhw=", null], ["TnAb3dVvDoECJ5A=", 1_762_426_800]] });
    // One for whom there is still time, and one that has expired, which the worker itself gets, too.
    let job = |expires_at_ms: u64, to: &Value, round: u32| {
        let announcement = json!({
            "id": "0123456789abcdef", "channel": "rust", "text": "hello", "sender": "TnAb3dVvDoECJ5A=", "expiresAtMs": expires_at_ms
        });
        json!({ "announcement": announcement, "to": to, "round": round }).to_string()
    };
    let later = 4_000_000_000_000;
    vec![
        Sample::good(event(&[job(later, &slice, 0), job(later, &members, 3)])),
        Sample::good(event(&[job(1_762_426_800_123, &members, 12)])),
        Sample::good(event(&[job(1, &members, 0), "not a job".to_owned(), job(1, &json!({ "members": [] }), 1)])),
        Sample::bad(event(&["{}".to_owned()])),
        Sample::bad(json!({ "Records": [{ "eventSource": "aws:sns" }] }).to_string()),
    ]
}

fn event(bodies: &[String]) -> String {
    let records = bodies.iter().enumerate().map(|(n, body)| {
        json!({
            "messageId": format!("059f36b4-87a3-44ab-83d2-66197{n}975a7d"), "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
            "body": body, "attributes": { "ApproximateReceiveCount": "1" }, "messageAttributes": {},
            "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3", "eventSource": "aws:sqs", "awsRegion": "eu-west-1",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:broadcasts"
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() }).to_string()
}

/// True if there is a job in the event.
fn run(data: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(data) else { return false };
    let messages = match fuzzing::read(text) {
        Ok(messages) => messages,
        Err(why) => {
            assert!(!why.trim().is_empty(), "nothing says why");
            if let Ok(event) = serde_json::from_str::<Box<RawValue>>(text) {
                assert!(reported(event).is_err(), "the worker has answered what it can't read");
            }
            return false;
        }
    };
    for job in messages.iter().filter_map(|message| message.job.as_ref().ok()) {
        let again = fuzzing::job(&job.json).expect("a job that was accepted");
        assert_eq!(again.json, job.json, "it is read in another way the second time");
    }
    // Anything else would call AWS.
    let is_done_here = |message: &ReadMessage| message.job.as_ref().map_or(true, |job| job.is_over);
    if messages.iter().all(is_done_here) {
        let without_job = messages.iter().filter(|message| message.job.is_err()).map(|message| message.id.clone());
        let event = serde_json::from_str(text).expect("what was read is JSON");
        assert_eq!(reported(event), Ok(without_job.collect()), "the messages that are to come again");
    }
    messages.iter().any(|message| message.job.is_ok())
}

/// Which messages the worker reports as failed; `Err` with its error.
fn reported(event: Box<RawValue>) -> Result<Vec<String>, String> {
    let fan_out =
        FanOut::new(Registry::new("connections"), "https://sqs.eu-west-1.amazonaws.com/123456789012/broadcasts");
    let worker = BroadcastWorker::new(fan_out, Connections::at("http://test.invalid/prod"), NonZeroU32::MIN);
    let answer = now((&worker).call(LambdaEvent::new(event, lambda_runtime::Context::default())));
    let answer = serde_json::to_value(answer.map_err(|error| error.to_string())?).expect("an answer can be written");
    let failures = answer["batchItemFailures"].as_array().expect("a list");
    let id = |failure: &Value| failure["itemIdentifier"].as_str().expect("an id").to_owned();
    Ok(failures.iter().map(id).collect())
}
