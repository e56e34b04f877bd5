//! Plays Lambda and AWS for one function: sends it its first event and answers the calls that it makes.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Instant;

use crate::http::{self, Answer, Plain, Request, Wrap};
use crate::process;

/// How far a function has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// It asked for an event for the first time.
    Ready,
    /// It asked for the next event.
    Done,
    /// It called DynamoDB.
    Dynamodb,
    /// It posted to `@connections`.
    Post,
}

/// Lambda's Runtime API, DynamoDB and `@connections`, each on a port of its own.
#[derive(Debug)]
pub struct Lambda {
    runtime_api: SocketAddr,
    aws: String,
    /// The function's steps, in order.
    pub steps: Receiver<(Step, Instant)>,
}

impl Lambda {
    /// Serves one function, which gets `events` one after the other and then waits. If `until` is a call to AWS, the call gets no answer:
    /// what the function does with an answer is not measured.
    ///
    /// # Errors
    /// If there is no port to listen on.
    pub fn start(events: Vec<String>, until: Step, scheme: &str, wrap: impl Wrap) -> io::Result<Self> {
        let (sender, steps) = channel();
        let of_aws = sender.clone();
        let aws = http::serve(wrap, move |request| aws(request, until, &of_aws))?;
        Ok(Self { runtime_api: runtime_api(events, sender)?, aws: format!("{scheme}://{aws}"), steps })
    }

    /// Does the same as [`Lambda::start`], without TLS.
    ///
    /// # Errors
    /// As [`Lambda::start`].
    pub fn plain(events: Vec<String>, until: Step) -> io::Result<Self> {
        Self::start(events, until, "http", Plain)
    }

    /// As [`process::environment`].
    pub fn environment<'c>(&self, command: &'c mut Command, program: &Path) -> &'c mut Command {
        process::environment(command, program, &self.runtime_api.to_string(), &self.aws)
    }
}

fn runtime_api(events: Vec<String>, steps: Sender<(Step, Instant)>) -> io::Result<SocketAddr> {
    let asked = AtomicUsize::new(0);
    http::serve(Plain, move |request| {
        if !request.target.ends_with("/invocation/next") {
            return Some(Answer::default());
        }
        let nth = asked.fetch_add(1, Relaxed);
        let step = if nth == 0 { Step::Ready } else { Step::Done };
        // The steps of a process that is being ended are not read any more.
        let _ = steps.send((step, Instant::now()));
        let headers = format!("lambda-runtime-aws-request-id: {nth}\r\nlambda-runtime-deadline-ms: 4000000000000\r\n");
        events.get(nth).map(|event| Answer { headers, body: event.clone() })
    })
}

fn aws(request: &Request, until: Step, steps: &Sender<(Step, Instant)>) -> Option<Answer> {
    let target = request.header("x-amz-target");
    let step = if target.is_empty() { Step::Post } else { Step::Dynamodb };
    let _ = steps.send((step, Instant::now()));
    if step == until {
        return None;
    }
    let body = match target.rsplit('.').next() {
        // Whose row it is, in which channel: for both queries.
        Some("Query") => {
            r#"{"Items":[{"connectionId":{"S":"TnAb3dVvDoECJ5A="},"channel":{"S":"rust"}}],"Count":1,"ScannedCount":1}"#
        }
        Some(_) if !target.is_empty() => "{}",
        _ => "",
    };
    let headers = String::from("content-type: application/x-amz-json-1.0\r\n");
    Some(Answer { headers, body: body.to_owned() })
}
