//! The same requests to both servers, in the same order. What they answer is the same, but for what [`DIFFERENCES`] lists.

use std::collections::BTreeMap;
use std::fmt::Write;

use dynoxide::Database;
use serde_json::Value;
use tokio::net::TcpListener;

use super::differences::DIFFERENCES;
use super::requests::{MALFORMED, NESTED, OPERATIONS, REQUESTS, SIGNED, WITH_HEADERS};
use crate::support::{http_with_body, options, start};

/// A server, and what its answers have named: streams, shards, iterators.
struct Server {
    url: String,
    names: BTreeMap<&'static str, String>,
}

/// What a server answers, without what differs from one request to the next.
#[derive(PartialEq)]
struct Answer {
    status: u16,
    content_type: String,
    body: Value,
}

/// Keys whose values are times, random ids, or made of them.
const CHANGING: [&str; 15] = [
    "ApproximateCreationDateTime",
    "CreationDateTime",
    "CreationRequestDateTime",
    "LastUpdateToPayPerRequestDateTime",
    "EndingSequenceNumber",
    "LastDecreaseDateTime",
    "LastIncreaseDateTime",
    "LatestStreamArn",
    "LatestStreamLabel",
    "NextShardIterator",
    "SequenceNumber",
    "ShardIterator",
    "StartingSequenceNumber",
    "StreamArn",
    "StreamLabel",
];

/// Keys whose values are random ids as well, and which later requests need.
const RANDOM: [&str; 4] = ["ShardId", "TableId", "eventID", "NextToken"];

/// What a request may ask for with `$NAME`: the last value that the server has given for a key.
const NAMES: [(&str, &str); 5] = [
    ("$STREAM", "LatestStreamArn"),
    ("$SHARD", "ShardId"),
    ("$ITERATOR", "ShardIterator"),
    ("$SEQUENCE", "SequenceNumber"),
    ("$NEXT", "NextToken"),
];

#[tokio::test(flavor = "multi_thread")]
async fn it_answers_as_the_server_of_its_crate_does() {
    let gateway = start(options("tests/templates/registry.yaml")).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let theirs = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(dynoxide::server::serve_on(listener, Database::memory().unwrap()));
    let mut ours = Server::at(gateway.dynamodb_url());
    let mut theirs = Server::at(&theirs);
    // The template's own table.
    ours.send("POST", "/", &operation("DeleteTable"), r#"{"TableName":"templates-Table"}"#).await;

    let mut unlisted = String::new();
    let mut listed = DIFFERENCES.iter().collect::<Vec<_>>();
    for (request, method, path, headers, body) in requests() {
        let our_answer = ours.send(method, path, &headers, &body).await;
        let their_answer = theirs.send(method, path, &headers, &body).await;
        let difference = listed.iter().position(|difference| difference.request == request);
        let difference = difference.map(|index| listed.remove(index));
        match difference {
            Some(difference) if our_answer != their_answer => {
                let got = our_answer.text();
                if got != difference.ours {
                    write!(unlisted, "\n{request}\n  listed: {}\n  ours:   {got}\n", difference.ours).unwrap();
                }
            }
            Some(_) => write!(unlisted, "\n{request}\n  is listed, but does not differ\n").unwrap(),
            None if our_answer == their_answer => {}
            None => {
                let (ours, theirs) = (our_answer.text(), their_answer.text());
                write!(unlisted, "\n{request}\n  ours:   {ours}\n  theirs: {theirs}\n").unwrap();
            }
        }
    }
    assert!(unlisted.is_empty(), "{unlisted}");
    let unused: Vec<_> = listed.iter().map(|difference| difference.request).collect();
    assert!(unused.is_empty(), "listed, but not sent: {unused:?}");
    server.abort();
    gateway.stop().await;
}

/// Every request as its name, method, path, headers and body. The name is what it asks for and its body.
fn requests() -> Vec<(String, &'static str, &'static str, String, String)> {
    let of_operation =
        |name: &str, body: &str| (format!("{name} {body}"), "POST", "/", operation(name), body.to_owned());
    let mut requests: Vec<_> = REQUESTS.iter().map(|(name, body)| of_operation(name, body)).collect();
    for name in OPERATIONS {
        requests.extend(MALFORMED.iter().map(|body| of_operation(name, body)));
    }
    for (method, path, headers, body) in WITH_HEADERS {
        let name = format!("{method} {path} [{}] {body}", headers.trim_end().replace("\r\n", ", "));
        requests.push((name, method, path, (*headers).to_owned(), (*body).to_owned()));
    }
    for levels in [31, 32, 40, 100, 3_000] {
        let value = format!("{}{{\"S\":\"\"}}{}", "{\"L\":[".repeat(levels), "]}".repeat(levels));
        for (name, body) in NESTED {
            let (_, method, path, headers, body) = of_operation(name, &body.replace("$VALUE", &value));
            requests.push((format!("{name} with {levels} levels"), method, path, headers, body));
        }
    }
    requests
}

/// The headers with which SDKs call an operation.
fn operation(name: &str) -> String {
    let api = if name.contains("Stream") || name.contains("Shard") || name == "GetRecords" {
        "DynamoDBStreams"
    } else {
        "DynamoDB"
    };
    format!("content-type: application/x-amz-json-1.0\r\nx-amz-target: {api}_20120810.{name}\r\n{SIGNED}")
}

impl Server {
    fn at(url: &str) -> Self {
        Self { url: url.to_owned(), names: BTreeMap::new() }
    }

    async fn send(&mut self, method: &str, path: &str, headers: &str, body: &str) -> Answer {
        let mut body = body.to_owned();
        for (name, key) in NAMES {
            if let Some(value) = self.names.get(key) {
                body = body.replace(name, value);
            }
        }
        let (status, head, body) = http_with_body(&format!("{}{path}", self.url), method, headers, &body).await;
        let header = |name: &str| {
            let line = head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_default().to_owned()
        };
        let checksum = crc32fast::hash(body.as_bytes()).to_string();
        let id = header("x-amzn-requestid");
        // What axum refuses by itself has neither.
        if !id.is_empty() {
            assert_eq!(header("x-amz-crc32"), checksum, "{body}");
            assert_eq!(id.len(), 52, "{id}");
        }
        let mut body = serde_json::from_str(&body).unwrap_or(Value::String(body));
        self.name(&mut body);
        Answer { status, content_type: header("content-type"), body }
    }

    /// Keeps what later requests ask for, and removes what changes.
    fn name(&mut self, value: &mut Value) {
        match value {
            Value::Object(fields) => {
                for (key, value) in fields {
                    if let (Some((_, key)), Some(text)) = (NAMES.iter().find(|(_, name)| name == key), value.as_str()) {
                        self.names.insert(key, text.to_owned());
                    }
                    if CHANGING.contains(&key.as_str()) || RANDOM.contains(&key.as_str()) {
                        *value = "…".into();
                    }
                    self.name(value);
                }
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.name(value)),
            _ => {}
        }
    }
}

impl Answer {
    fn text(&self) -> String {
        let body = match &self.body {
            Value::String(text) => text.clone(),
            json => json.to_string(),
        };
        format!("{} {body}", self.status)
    }
}
