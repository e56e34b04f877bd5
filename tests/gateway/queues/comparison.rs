//! The same requests to the embedded queues and to `moto`, an independent server, in the same order. What they answer is the same, but for
//! what [`DIFFERENCES`] lists.
//!
//! `pip install 'moto[server]'`, then `cargo test -p system-tests gateway::queues::comparison -- --ignored` with `moto_server` on the `PATH`.

use std::fmt::Write;
use std::net::TcpListener;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::TEMPLATE;
use super::differences::DIFFERENCES;
use super::requests::REQUESTS;
use crate::support::{http_with_body, in_time, options, start};

/// Keys whose values are times, random, or made of such.
const CHANGING: [&str; 8] = [
    "ApproximateFirstReceiveTimestamp",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "MessageId",
    "ReceiptHandle",
    "SenderId",
    "SentTimestamp",
    "RequestId",
];

#[tokio::test]
#[ignore = "needs moto_server: pip install 'moto[server]'"]
async fn it_answers_as_an_independent_server_does() {
    let gateway = start(options(TEMPLATE)).await;
    let mut ours = Server::at(gateway.sqs_url());
    let (_process, url) = moto().await;
    let mut theirs = Server::at(&url);
    theirs.make("templates-Dead", json!({})).await;
    theirs.make("shelf", json!({ "MaximumMessageSize": "2048" })).await;
    let policy =
        json!({ "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:templates-Dead", "maxReceiveCount": 2 });
    let flaky = json!({ "VisibilityTimeout": "0", "RedrivePolicy": policy.to_string() });
    theirs.make("flaky", flaky).await;

    let mut unlisted = String::new();
    let mut listed: Vec<_> = DIFFERENCES.iter().map(|difference| difference.request).collect();
    for (operation, body) in REQUESTS {
        let request = format!("{operation} {body}");
        let (our_answer, their_answer) = (ours.send(operation, body).await, theirs.send(operation, body).await);
        let at = listed.iter().position(|listed| *listed == request);
        let is_listed = at.map(|at| listed.remove(at)).is_some();
        if (our_answer != their_answer) != is_listed {
            let what = if is_listed { "is listed, but does not differ" } else { "differs" };
            write!(unlisted, "\n{request}\n  {what}\n  ours:   {our_answer:?}\n  theirs: {their_answer:?}\n").unwrap();
        }
    }
    assert!(unlisted.is_empty(), "{unlisted}");
    assert!(listed.is_empty(), "listed, but not sent: {listed:?}");
    gateway.stop().await;
}

/// An error's name as SDKs know it, and its message, which `moto` writes in two ways.
fn same_error(answer: &mut Value) {
    let Some(name) = answer["__type"].as_str().and_then(|name| name.rsplit('#').next()) else { return };
    let name = name.strip_suffix("Exception").unwrap_or(name);
    let message = answer["message"].as_str().or_else(|| answer["Message"].as_str());
    *answer = json!({ "name": name, "message": message });
}

/// The server, on a free port, when it listens.
pub(super) async fn moto() -> (Child, String) {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut command = Command::new("moto_server");
    command.args(["-H", "127.0.0.1", "-p", &port.to_string()]).kill_on_drop(true);
    let process = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let process = process.unwrap_or_else(|error| panic!("moto_server can't be started: {error}"));
    let listening = async { while TcpStream::connect(("127.0.0.1", port)).await.is_err() {} };
    in_time("moto_server", listening).await;
    (process, format!("http://127.0.0.1:{port}"))
}

struct Server {
    url: String,
    handle: String,
}

impl Server {
    fn at(url: &str) -> Self {
        Self { url: url.to_owned(), handle: String::new() }
    }

    async fn make(&mut self, name: &str, attributes: Value) {
        let body = json!({ "QueueName": name, "Attributes": attributes }).to_string();
        let (status, answer) = self.send("CreateQueue", &body).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// The status and the body of the answer, without what differs from one request to the next.
    async fn send(&mut self, operation: &str, body: &str) -> (u16, Value) {
        let mut body = body.replace("$HANDLE", &self.handle);
        for (name, queue) in [("$SHELF", "shelf"), ("$FLAKY", "flaky"), ("$DEAD", "templates-Dead")] {
            body = body.replace(name, &format!("{}/123456789012/{queue}", self.url));
        }
        let body = body.replace("$LARGE", &"x".repeat(2049)).replace("$HALF", &"x".repeat(512 * 1024));
        let headers = format!(
            "content-type: application/x-amz-json-1.0\r\nx-amz-target: AmazonSQS.{operation}\r\n\
             authorization: AWS4-HMAC-SHA256 Credential=AKIAUSER000000000000/20260101/us-east-1/sqs/aws4_request, SignedHeaders=host, Signature=0\r\n"
        );
        let (status, _, answer) = http_with_body(&format!("{}/", self.url), "POST", &headers, &body).await;
        // Nothing is said with an empty object, too.
        let answer = if answer.is_empty() { "{}".to_owned() } else { answer };
        let mut answer = serde_json::from_str(&answer).unwrap_or(Value::String(answer));
        self.normalize(&mut answer);
        same_error(&mut answer);
        (status, answer)
    }

    /// Keeps the receipt handle, and removes what changes.
    fn normalize(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                if let Some(handle) = fields.get("ReceiptHandle").and_then(Value::as_str) {
                    self.handle = handle.to_owned();
                }
                for (name, value) in fields {
                    if CHANGING.contains(&name.as_str()) {
                        *value = "…".into();
                    }
                    self.normalize(value);
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.normalize(value)),
            Value::String(text) => {
                *text = text.replace(&self.url, "URL");
                if !self.handle.is_empty() {
                    *text = text.replace(&self.handle, "HANDLE");
                }
                // A policy is JSON in a text.
                if let Ok(policy @ Value::Object(_)) = serde_json::from_str(text) {
                    *value = policy;
                }
            }
            _ => {}
        }
    }
}
