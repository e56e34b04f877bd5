//! Plays Lambda and AWS for a warm function: sends it as many events as a benchmark wants, each from a channel with as many connections.

use std::io::{self, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};

use serde_json::Value;
use tokio::sync::Semaphore;

use crate::Error;
use crate::keep_alive::{Request, serve};

/// Lambda's Runtime API, DynamoDB and `@connections` for one function, all on one port and one thread.
#[derive(Debug)]
pub struct Channel {
    /// Where they listen.
    pub address: SocketAddr,
    state: Arc<State>,
    done: Receiver<Result<(), String>>,
}

#[derive(Debug)]
struct State {
    event: String,
    events: Semaphore,
    unanswered: AtomicUsize,
    connections: AtomicUsize,
    posts: AtomicUsize,
}

impl Channel {
    /// Serves one function, which gets `event` as often as [`Channel::invoke`] says.
    ///
    /// # Errors
    /// If there is no port.
    pub fn serve(event: String) -> io::Result<Self> {
        let (sender, done) = channel();
        let state = Arc::new(State {
            event,
            events: Semaphore::new(0),
            unanswered: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            posts: AtomicUsize::new(0),
        });
        let of_server = Arc::clone(&state);
        let address = serve(async move |request: Request<'_>, response: &mut Vec<u8>| {
            of_server.answer(request, &sender, response).await;
        })?;
        Ok(Self { address, state, done })
    }

    /// Makes the function serve `events` events, one after the other, with `connections` connections in the channel.
    ///
    /// # Errors
    /// If the function reports an error, or has posted more or fewer messages than it should.
    pub fn invoke(&self, connections: usize, events: usize) -> Result<(), Error> {
        self.state.connections.store(connections, Relaxed);
        self.state.posts.store(0, Relaxed);
        self.state.unanswered.store(events, Relaxed);
        self.state.events.add_permits(events);
        self.done.recv()??;
        let (posts, expected) = (self.state.posts.load(Relaxed), connections * events);
        if posts == expected { Ok(()) } else { Err(format!("{posts} posts instead of {expected}").into()) }
    }
}

/// A connection id as long as API Gateway's.
#[must_use]
pub fn id(nth: usize) -> String {
    format!("{nth:015}=")
}

impl State {
    async fn answer(&self, request: Request<'_>, done: &Sender<Result<(), String>>, response: &mut Vec<u8>) {
        let line = request.line();
        if line.starts_with("POST /prod/@connections/") {
            self.posts.fetch_add(1, Relaxed);
            respond(response, "x-amzn-requestid: f3b2a1c0-0000-4000-8000-000000000000\r\n", "");
        } else if line.contains("/invocation/next") {
            if let Ok(permit) = self.events.acquire().await {
                permit.forget();
            }
            let headers = "lambda-runtime-aws-request-id: 7\r\nlambda-runtime-deadline-ms: 4000000000000\r\n";
            respond(response, headers, &self.event);
        } else if line.contains("/invocation/") {
            // At the end of the benchmark the receiver is gone.
            if !line.contains("/response ") {
                let _ = done.send(Err(String::from_utf8_lossy(request.body).into_owned()));
            } else if self.unanswered.fetch_sub(1, Relaxed) == 1 {
                let _ = done.send(Ok(()));
            }
            respond(response, "", "");
        } else {
            let body = match request.header("x-amz-target").rsplit('.').next() {
                Some("GetItem") => format!(r#"{{"Item":{}}}"#, first_row(0)),
                Some("Query") => rows(self.connections.load(Relaxed), request.body),
                _ => "{}".to_owned(),
            };
            respond(response, "content-type: application/x-amz-json-1.0\r\n", &body);
        }
    }
}

fn respond(response: &mut Vec<u8>, headers: &str, body: &str) {
    // Writing to memory does not fail.
    let _ = write!(response, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len());
}

/// The rows of the caller, or a page of a channel's rows: as many as are asked for, or all. DynamoDB ends a page at 1 MB, which is more than
/// any channel has here. A full page says that there may be more, as on AWS.
fn rows(connections: usize, query: &[u8]) -> String {
    let query: Value = serde_json::from_slice(query).unwrap_or_default();
    if query["IndexName"].is_null() {
        return format!(r#"{{"Count":1,"Items":[{}],"ScannedCount":1}}"#, first_row(0));
    }
    let after = query.pointer("/ExclusiveStartKey/connectionId/S").and_then(Value::as_str);
    let after = after.and_then(|id| id.trim_end_matches('=').parse::<usize>().ok());
    let start = after.map_or(0, |after| after + 1);
    let limit = query["Limit"].as_u64().and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let end = connections.min(start.saturating_add(limit));
    // Both programs ask for the ids only; no session here has an end.
    let rows: Vec<_> = (start..end).map(|nth| format!(r#"{{"connectionId":{{"S":"{}"}}}}"#, id(nth))).collect();
    let count = end - start;
    let last = if count < limit { String::new() } else { format!(r#","LastEvaluatedKey":{}"#, key(end - 1)) };
    format!(r#"{{"Count":{count},"Items":[{}],"ScannedCount":{count}{last}}}"#, rows.join(","))
}

/// All of a row.
fn first_row(nth: usize) -> String {
    let times = r#"{"connectedAt":{"N":"1762426800123"},"expiresAt":{"N":"1762434600"},"#;
    times.to_owned() + &key(nth)[1..]
}

/// What names a row in the index.
fn key(nth: usize) -> String {
    let id = id(nth);
    format!(
        r#"{{"connectionId":{{"S":"{id}"}},"entry":{{"S":"$connect"}},"channel":{{"S":"rust"}},"slot":{{"S":"00000000{id}"}}}}"#
    )
}
