//! Happenings as lines for a person to read.

use std::borrow::Cow;
use std::fmt::{self, Write};
use std::time::Duration;

use super::{Batch, Door, Happening, Invocation, InvocationResult, Reloaded, ReportStatus, What};
use crate::visible::{OneLine, Visible};

/// How much of a malformed answer a line shows, in bytes.
const SHOWN_BYTES: usize = 200;

/// The beginning of a function's answer.
pub(crate) fn excerpt(answer: &[u8]) -> Cow<'_, str> {
    String::from_utf8_lossy(&answer[..answer.len().min(SHOWN_BYTES)])
}

impl Happening {
    /// The connection that it is about.
    #[must_use]
    pub fn connection_id(&self) -> Option<&str> {
        match &self.what {
            What::Connecting { connection_id, .. }
            | What::Authorized { connection_id, .. }
            | What::Opened { connection_id }
            | What::Received { connection_id, .. }
            | What::NoRoute { connection_id, .. }
            | What::Unserved { connection_id, .. }
            | What::Event { connection_id, .. }
            | What::Invoked(Invocation { connection_id, .. })
            | What::ReplyTooLarge { connection_id, .. }
            | What::PostNotUtf8 { connection_id }
            | What::Paused { connection_id }
            | What::Delivered { connection_id, .. }
            | What::Closed { connection_id, .. } => Some(connection_id),
            What::Refused { connection_id, .. }
            | What::Posted { connection_id, .. }
            | What::FaultBegan { connection_id, .. }
            | What::FaultEnded { connection_id, .. } => connection_id.as_deref(),
            _ => None,
        }
    }

    /// What follows its line.
    pub(super) fn suffix(&self) -> &'static str {
        let says_so_itself = matches!(self.what, What::FaultBegan { .. } | What::FaultEnded { .. });
        if self.by_hand && !says_so_itself { ", by hand at the console" } else { "" }
    }

    /// The id of the event that it is about, as in its `requestContext.requestId`.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        match &self.what {
            What::Authorized { request_id, .. }
            | What::NoRoute { request_id, .. }
            | What::Unserved { request_id, .. }
            | What::Event { request_id, .. }
            | What::Invoked(Invocation { request_id, .. }) => Some(request_id),
            What::Refused { request_id, .. } => request_id.as_deref(),
            _ => None,
        }
    }

    /// The function whose own log this is a line of, by its logical id.
    #[must_use]
    pub fn log_of(&self) -> Option<&str> {
        match &self.what {
            What::Output { function, .. }
            | What::Start { function, .. }
            | What::End { function, .. }
            | What::Report { function, .. } => Some(function),
            _ => None,
        }
    }
}

/// One line, without the time and the ids. What comes from outside is escaped, but for the colours of what a function prints.
impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Output { line, .. } => Visible::line(line).with_colours().fmt(f),
            other => other.fmt_line(&mut OneLine(f)),
        }
    }
}

impl What {
    fn fmt_line(&self, f: &mut OneLine<'_, '_>) -> fmt::Result {
        match self {
            Self::Serving { url } => write!(f, "serving {url}"),
            Self::Connecting { source_ip, .. } => write!(f, "connecting from {source_ip}"),
            Self::Authorized { function, took, .. } => write!(f, "authorized by {function} in {} ms", took.as_millis()),
            Self::Refused { why, .. } => f.write_str(why),
            Self::Opened { .. } => f.write_str("open"),
            Self::Received { message, .. } => write!(f, "received {} bytes", message.len()),
            Self::NoRoute { why, .. } => write!(f, "no route takes the message: Forbidden: {why}"),
            Self::Unserved { route_key, why, .. } => write!(f, "{route_key}: the gateway can't serve this route: {why}"),
            Self::Event { route_key, function, .. } => write!(f, "{route_key}: an event for {function}"),
            Self::Invoked(invocation) => invocation.fmt_line(f),
            Self::ReplyTooLarge { route_key, bytes, .. } => {
                write!(
                    f,
                    "{route_key}: the reply has {bytes} bytes, more than a message may have; the connection is closed"
                )
            }
            Self::NotSigned { method, path } => {
                write!(f, "{method} {path}: not signed; on AWS this would be 403, as it is with --strict")
            }
            Self::UnknownKeys { method, path } => write!(
                f,
                "{method} {path}: signed with keys of your own, which the gateway can't check; with --strict this would be 403"
            ),
            Self::Posted { method, status, message, .. } => {
                write!(f, "{method} @connections: {status}, {} bytes", message.len())
            }
            Self::PostNotUtf8 { .. } => f.write_str(
                "a post is not UTF-8; the gateway has replaced its invalid bytes (what AWS does is not known)",
            ),
            Self::RateLimited { limit } => write!(
                f,
                "@connections is called more often than {} times a second: calls get 429, as from an account's quota on AWS; see --rate-limit",
                limit.rate()
            ),
            Self::Paused { .. } => f.write_str(
                "1 MiB of this client's messages, or a thousand short ones, are not answered yet; the gateway reads the next when some are",
            ),
            Self::Delivered { message, .. } => write!(f, "sent {} bytes", message.len()),
            Self::Closed { code, .. } => write!(f, "closed: {code}"),
            Self::Output { line, .. } => f.write_str(line),
            Self::Start { request_id, .. } => write!(f, "START RequestId: {request_id} Version: $LATEST"),
            Self::End { request_id, .. } => write!(f, "END RequestId: {request_id}"),
            Self::Report { request_id, took, init, memory_size, max_memory_used, status, .. } => {
                let billed = milliseconds(*took + init.unwrap_or_default()).ceil();
                write!(f, "REPORT RequestId: {request_id}\tDuration: {:.2} ms", milliseconds(*took))?;
                write!(f, "\tBilled Duration: {billed:.0} ms\tMemory Size: {memory_size} MB")?;
                if let Some(used) = max_memory_used {
                    write!(f, "\tMax Memory Used: {used} MB")?;
                }
                if let Some(init) = init {
                    write!(f, "\tInit Duration: {:.2} ms", milliseconds(*init))?;
                }
                match status {
                    Some(ReportStatus::Timeout) => f.write_str("\tStatus: timeout"),
                    Some(ReportStatus::ExitError) => f.write_str("\tStatus: error\tError Type: Runtime.ExitError"),
                    None => Ok(()),
                }
            }
            Self::OverMemory { function, used, memory_size } => write!(
                f,
                "{function} has used {used} MB, and its MemorySize is {memory_size}: on AWS it would have been killed"
            ),
            Self::IdleExit { function, status } => {
                write!(f, "{function}: an idle process has ended by itself ({status})")
            }
            Self::Killed { function } => write!(f, "{function}: a process was killed because it took too long"),
            Self::ProcessesKilled { function, processes: 1 } => write!(f, "{function}: its process was killed"),
            Self::ProcessesKilled { function, processes } => {
                write!(f, "{function}: its {processes} processes were killed")
            }
            Self::FaultBegan { fault, .. } => write!(f, "a fault is set at the console: {fault}"),
            Self::FaultEnded { fault, .. } => write!(f, "a fault of the console has ended: {fault}"),
            Self::ClockMoved { by } => write!(f, "the clock was moved forward by {} s", by.as_secs_f64()),
            Self::InvocationFailed { function, why } => write!(f, "{function}: {why}"),
            Self::Queued { queue, message, .. } => write!(f, "{queue}: a message of {} bytes", message.len()),
            Self::Batch(batch) => batch.fmt_line(f),
            Self::DeadLettered { queue, dead_letter_queue, message_id, receives } => write!(
                f,
                "{queue}: the message {message_id} was received {receives} times and is in {dead_letter_queue} now"
            ),
            Self::Expired { queue, messages } => {
                write!(f, "{queue}: what was older than its MessageRetentionPeriod is gone, messages: {messages}")
            }
            Self::NotPolled { queue, why } => write!(f, "{queue}: its messages can't be received: {why}"),
            Self::StoreCalled { operation, status, .. } => write!(f, "DynamoDB {operation}: {status}"),
            Self::StoreFailed { why } => write!(f, "the store has failed: {why}"),
            Self::NotRecorded { why } => write!(f, "an event could not be recorded: {why}"),
            Self::Reloaded(Reloaded { functions, .. }) if functions.is_empty() => f.write_str("reloaded the template"),
            Self::Reloaded(Reloaded { functions, .. }) => write!(f, "reloaded {}", functions.join(", ")),
            Self::StoppedEarly => f.write_str("some connections or invocations did not end in time"),
            Self::Missed { count } => {
                write!(f, "{count} happenings are missing here: they came faster than they were read")
            }
        }
    }
}

impl Door {
    /// What the door leads to.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::WebSocket => "the WebSocket",
            Self::ManagementApi => "@connections",
            Self::DynamoDb => "DynamoDB",
            Self::Sqs => "SQS",
            Self::InvokeApi => "Lambda's Invoke API",
            Self::Console => "the console",
            Self::RuntimeApi => "the Runtime API",
        }
    }
}

impl Invocation {
    fn fmt_line(&self, f: &mut OneLine<'_, '_>) -> fmt::Result {
        let Self { route_key, function, .. } = self;
        let ms = self.took.as_millis();
        match (self.result, &self.error, &self.answer) {
            (InvocationResult::Status(status), ..) => write!(f, "{route_key}: {status} in {ms} ms"),
            (InvocationResult::TimedOut, ..) => {
                write!(f, "{route_key}: {function} is not done after {ms} ms: timed out")
            }
            (InvocationResult::Failed, Some(error), Some(answer)) => {
                let shown = excerpt(answer);
                write!(f, "{route_key}: the answer of {function} is malformed: {error}: {shown}")
            }
            (InvocationResult::Failed, error, _) => {
                let error = error.as_deref().unwrap_or("unknown error");
                write!(f, "{route_key}: {function} failed after {ms} ms: {error}")
            }
        }
    }
}

impl Batch {
    fn fmt_line(&self, f: &mut OneLine<'_, '_>) -> fmt::Result {
        let Self { queue, function, messages, failed, .. } = self;
        let (ms, plural) = (self.took.as_millis(), if *messages == 1 { "" } else { "s" });
        write!(f, "{queue}: {messages} message{plural} to {function}")?;
        match (&self.error, failed.as_slice()) {
            (Some(error), _) => {
                write!(f, ", failed after {ms} ms and will come again: {error}")
            }
            (None, []) => write!(f, " in {ms} ms"),
            (None, failed) => write!(f, " in {ms} ms, {} of them failed and will come again", failed.len()),
        }
    }
}

pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_one_line_whatever_a_function_says() {
        let why = "sorry\n\u{1b}[2Jerror: forged\u{202e}".to_owned();
        let failed = What::InvocationFailed { function: "Hello".to_owned(), why };
        assert_eq!(failed.to_string(), r"Hello: sorry\n\u{1b}[2Jerror: forged\u{202e}");
        let line = "\u{1b}[32mok\r\u{1b}[2K".to_owned();
        let output = What::Output { function: "Hello".to_owned(), line };
        assert_eq!(output.to_string(), "\u{1b}[32mok\\r\\u{1b}[2K\u{1b}[0m");
    }

    #[test]
    fn a_report_is_written_as_lambda_writes_it() {
        let report = |init: Option<u64>, max_memory_used, status| What::Report {
            function: "Hello".to_owned(),
            request_id: "r".to_owned(),
            took: Duration::from_micros(2350),
            init: init.map(Duration::from_millis),
            memory_size: 128,
            max_memory_used,
            status,
        };
        assert_eq!(
            report(Some(20), Some(9), None).to_string(),
            "REPORT RequestId: r\tDuration: 2.35 ms\tBilled Duration: 23 ms\tMemory Size: 128 MB\tMax Memory Used: 9 MB\tInit Duration: 20.00 ms"
        );
        assert_eq!(
            report(None, None, Some(ReportStatus::Timeout)).to_string(),
            "REPORT RequestId: r\tDuration: 2.35 ms\tBilled Duration: 3 ms\tMemory Size: 128 MB\tStatus: timeout"
        );
    }
}
