use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;

use super::json;

use crate::api::RateLimit;

/// Something that happened, and when.
///
/// It can be serialised, as `--json` and the console write it; secrets of handshakes are masked then. The JSON is described in
/// `docs/happenings.md`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Happening {
    /// When it happened, by the gateway's clock, in milliseconds since 1970.
    pub at_ms: u64,
    /// Who should know of it.
    pub level: Level,
    /// Whether a person at the console did it, or a fault caused it that they have set.
    pub by_hand: bool,
    /// What happened.
    pub what: What,
}

/// Who should know of a happening. A reader that asks for one level gets the levels before it, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Level {
    /// Something failed that should have worked: a function, or the gateway itself.
    Error,
    /// Something was refused, or works here in another way than on AWS.
    Warning,
    /// What a person at the terminal wants to follow: connections, invocations, the functions' output.
    Info,
    /// Everything else, with payloads: frames, events, posts.
    Detail,
}

/// What happened. Ids are API Gateway's own: `connection_id`, and `request_id` for one event.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "what", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum What {
    /// The gateway serves clients from now on.
    #[non_exhaustive]
    Serving {
        /// Where clients connect.
        url: String,
    },
    /// A client asks for a connection.
    #[non_exhaustive]
    Connecting {
        /// The id that the connection will have.
        connection_id: String,
        /// The client's address.
        source_ip: String,
    },
    /// The authorizer has allowed a client to connect.
    #[non_exhaustive]
    Authorized {
        /// The id that the connection will have.
        connection_id: String,
        /// The id of the authorizer's event.
        request_id: String,
        /// The authorizer's function, by its logical id.
        function: String,
        /// How long the function took.
        #[serde(rename = "tookMs", serialize_with = "json::milliseconds")]
        took: Duration,
    },
    /// A request was refused at one of the doors.
    #[non_exhaustive]
    Refused {
        /// Where the request came in.
        door: Door,
        /// The HTTP status of the answer.
        status: u16,
        /// The id that the connection would have had, for a handshake.
        #[serde(skip_serializing_if = "Option::is_none")]
        connection_id: Option<String>,
        /// The id of the event, if a function decided.
        #[serde(skip_serializing_if = "Option::is_none")]
        request_id: Option<String>,
        /// The reason, as a sentence.
        why: String,
    },
    /// A connection is open: its client has got the 101.
    #[non_exhaustive]
    Opened {
        /// The connection.
        connection_id: String,
    },
    /// A message came from a client.
    #[non_exhaustive]
    Received {
        /// The connection.
        connection_id: String,
        /// The message, which is UTF-8.
        #[serde(serialize_with = "json::text")]
        message: Bytes,
    },
    /// No route takes a message; the client gets the frame `Forbidden`.
    #[non_exhaustive]
    NoRoute {
        /// The connection.
        connection_id: String,
        /// The id in the client's error frame.
        request_id: String,
        /// The message, which is UTF-8.
        #[serde(serialize_with = "json::text")]
        message: Bytes,
        /// The reason, with the routes that there are.
        why: String,
    },
    /// The gateway can't serve a route of the template, and an event for it is lost. A client gets the frame `Internal server error`, or a
    /// 502 during its handshake.
    #[non_exhaustive]
    Unserved {
        /// The connection.
        connection_id: String,
        /// The id in the client's error frame.
        request_id: String,
        /// The route.
        route_key: String,
        /// The reason.
        why: String,
    },
    /// An event goes to a route's function.
    #[non_exhaustive]
    Event {
        /// The connection.
        connection_id: String,
        /// The id of the event.
        request_id: String,
        /// The route.
        route_key: String,
        /// The function, by its logical id.
        function: String,
        /// The event's JSON.
        #[serde(serialize_with = "json::event")]
        event: Bytes,
    },
    /// A route's function has answered, failed or timed out.
    Invoked(Invocation),
    /// A reply is over the limit of a message. The connection is closed.
    #[non_exhaustive]
    ReplyTooLarge {
        /// The connection.
        connection_id: String,
        /// The route.
        route_key: String,
        /// The size of the reply in bytes.
        bytes: usize,
    },
    /// A call to `@connections` was not signed, but was served.
    #[non_exhaustive]
    NotSigned {
        /// The HTTP method.
        method: String,
        /// The path.
        path: String,
    },
    /// A call to `@connections` was signed with keys that the gateway has not issued, and was served: their signature can't be checked.
    #[non_exhaustive]
    UnknownKeys {
        /// The HTTP method.
        method: String,
        /// The path.
        path: String,
    },
    /// A call to `@connections` was answered. The message may be delivered before this is told.
    #[non_exhaustive]
    Posted {
        /// The connection, if the path has a valid connection id.
        #[serde(skip_serializing_if = "Option::is_none")]
        connection_id: Option<String>,
        /// The HTTP method: `POST`, `GET` or `DELETE`.
        method: String,
        /// The function that called, by its logical id; `None` for another caller.
        #[serde(skip_serializing_if = "Option::is_none")]
        function: Option<String>,
        /// The HTTP status of the answer.
        status: u16,
        /// What was posted.
        #[serde(serialize_with = "json::text")]
        message: Bytes,
    },
    /// A post is not UTF-8. Its invalid bytes were replaced.
    #[non_exhaustive]
    PostNotUtf8 {
        /// The connection.
        connection_id: String,
    },
    /// Calls of `@connections` come faster than the rate limit allows, and are answered with 429. This is told once until the limit has room for a
    /// whole burst again.
    #[non_exhaustive]
    RateLimited {
        /// The limit.
        limit: RateLimit,
    },
    /// A client has as many messages under way as it may. The gateway reads the next when some are answered. This is told once a connection.
    #[non_exhaustive]
    Paused {
        /// The connection.
        connection_id: String,
    },
    /// A message was sent to a client.
    #[non_exhaustive]
    Delivered {
        /// The connection.
        connection_id: String,
        /// The message, which is UTF-8.
        #[serde(serialize_with = "json::text")]
        message: Bytes,
    },
    /// A connection has closed.
    #[non_exhaustive]
    Closed {
        /// The connection.
        connection_id: String,
        /// The close code that `$disconnect` is told.
        code: u16,
        /// The reason that `$disconnect` is told.
        reason: String,
    },
    /// A function has printed a line.
    #[non_exhaustive]
    Output {
        /// The function, by its logical id.
        function: String,
        /// The line, without its end.
        line: String,
    },
    /// An instance of a function has fetched an invocation: Lambda's START line.
    #[non_exhaustive]
    Start {
        /// The function, by its logical id.
        function: String,
        /// Lambda's id of the invocation.
        request_id: String,
    },
    /// An instance has ended an invocation: Lambda's END line.
    #[non_exhaustive]
    End {
        /// The function, by its logical id.
        function: String,
        /// Lambda's id of the invocation.
        request_id: String,
    },
    /// What an invocation took: Lambda's REPORT line.
    #[non_exhaustive]
    Report {
        /// The function, by its logical id.
        function: String,
        /// Lambda's id of the invocation.
        request_id: String,
        /// How long it took, until the instance asked for more.
        #[serde(rename = "tookMs", serialize_with = "json::milliseconds")]
        took: Duration,
        /// How long the instance took to initialise, if this was its first invocation.
        #[serde(
            rename = "initMs",
            serialize_with = "json::milliseconds_if_any",
            skip_serializing_if = "Option::is_none"
        )]
        init: Option<Duration>,
        /// The function's `MemorySize` in MB.
        memory_size: u32,
        /// The most memory that the process has had, in MB. Only Linux reports it.
        #[serde(skip_serializing_if = "Option::is_none")]
        max_memory_used: Option<u64>,
        /// How it failed, if it did.
        #[serde(skip_serializing_if = "Option::is_none")]
        status: Option<ReportStatus>,
    },
    /// A function has used more memory than it has on AWS.
    #[non_exhaustive]
    OverMemory {
        /// The function, by its logical id.
        function: String,
        /// The most memory that the process has had, in MB.
        used: u64,
        /// The function's `MemorySize` in MB.
        memory_size: u32,
    },
    /// A process of a function has ended by itself while it was idle.
    #[non_exhaustive]
    IdleExit {
        /// The function, by its logical id.
        function: String,
        /// How it ended.
        status: String,
    },
    /// A process of a function took too long and is killed.
    #[non_exhaustive]
    Killed {
        /// The function, by its logical id.
        function: String,
    },
    /// A person has killed the processes of a function.
    #[non_exhaustive]
    ProcessesKilled {
        /// The function, by its logical id.
        function: String,
        /// How many.
        processes: usize,
    },
    /// A person has set a fault: from now on something goes wrong.
    #[non_exhaustive]
    FaultBegan {
        /// What goes wrong, as a sentence.
        fault: String,
        /// The function that it is about, by its logical id.
        #[serde(skip_serializing_if = "Option::is_none")]
        function: Option<String>,
        /// The connection that it is about.
        #[serde(skip_serializing_if = "Option::is_none")]
        connection_id: Option<String>,
    },
    /// A fault has ended: by hand, because it was to strike once, or with its connection.
    #[non_exhaustive]
    FaultEnded {
        /// What went wrong, as a sentence.
        fault: String,
        /// The function that it was about, by its logical id.
        #[serde(skip_serializing_if = "Option::is_none")]
        function: Option<String>,
        /// The connection that it was about.
        #[serde(skip_serializing_if = "Option::is_none")]
        connection_id: Option<String>,
    },
    /// A person has moved the gateway's clock forward.
    #[non_exhaustive]
    ClockMoved {
        /// How far.
        #[serde(rename = "byMs", serialize_with = "json::milliseconds")]
        by: Duration,
    },
    /// An invocation through Lambda's Invoke API has failed.
    #[non_exhaustive]
    InvocationFailed {
        /// The function, by its logical id.
        function: String,
        /// The reason.
        why: String,
    },
    /// A message was put into a queue.
    #[non_exhaustive]
    Queued {
        /// The queue's name.
        queue: String,
        /// The message's id.
        message_id: String,
        /// The function that sent it, by its logical id; `None` for another sender.
        #[serde(skip_serializing_if = "Option::is_none")]
        function: Option<String>,
        /// The message's body.
        #[serde(serialize_with = "json::text")]
        message: Bytes,
    },
    /// Messages of a queue went to a function, and it has answered or failed.
    Batch(Batch),
    /// A message was received as often as its queue allows, and is in the dead-letter queue now.
    #[non_exhaustive]
    DeadLettered {
        /// The name of the queue that it was in.
        queue: String,
        /// The name of the dead-letter queue.
        dead_letter_queue: String,
        /// The message's id.
        message_id: String,
        /// How often it was received.
        receives: u32,
    },
    /// Messages of a queue were older than its `MessageRetentionPeriod`, and are gone.
    #[non_exhaustive]
    Expired {
        /// The queue's name.
        queue: String,
        /// How many.
        messages: usize,
    },
    /// The messages of a queue can't be received, so its function is not invoked. This is told once until some are received again.
    #[non_exhaustive]
    NotPolled {
        /// The queue's name.
        queue: String,
        /// The reason.
        why: String,
    },
    /// The store has answered a call.
    #[non_exhaustive]
    StoreCalled {
        /// The function that called, by its logical id; `None` for another caller.
        #[serde(skip_serializing_if = "Option::is_none")]
        function: Option<String>,
        /// The operation, for example `PutItem`.
        operation: String,
        /// The HTTP status of the answer.
        status: u16,
    },
    /// The store has failed: a request has no answer, or it is an error of the store's own.
    #[non_exhaustive]
    StoreFailed {
        /// The reason.
        why: String,
    },
    /// An event could not be recorded.
    #[non_exhaustive]
    NotRecorded {
        /// The reason, with the file.
        why: String,
    },
    /// The template and the functions were read again, and the gateway serves the changes from now on.
    Reloaded(Reloaded),
    /// Some connections or invocations did not end in time when the gateway stopped.
    StoppedEarly,
    /// This reader was too slow. Some happenings are missing here.
    #[non_exhaustive]
    Missed {
        /// How many.
        count: u64,
    },
}

/// What a [`Gateway::reload`](crate::Gateway::reload) has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Reloaded {
    /// The functions that are new or were replaced, by their logical ids. Those that run elsewhere are not known.
    pub functions: Vec<String>,
    /// Whether the API, its functions, its tables or its queues have changed in the template.
    pub api: bool,
}

/// How an invocation failed, as Lambda's REPORT line says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum ReportStatus {
    /// The function took longer than its `Timeout`.
    Timeout,
    /// The function's process ended without an answer: `Runtime.ExitError`.
    ExitError,
}

impl What {
    /// A request that was refused before a function decided.
    pub(crate) fn refused(door: Door, status: u16, why: String) -> Self {
        Self::Refused { door, status, connection_id: None, request_id: None, why }
    }

    /// The size of what it carries, in bytes.
    pub(super) fn payload_bytes(&self) -> usize {
        match self {
            Self::Received { message, .. }
            | Self::NoRoute { message, .. }
            | Self::Posted { message, .. }
            | Self::Delivered { message, .. }
            | Self::Queued { message, .. } => message.len(),
            Self::Batch(Batch { event, answer, .. }) => event.len() + answer.as_ref().map_or(0, bytes::Bytes::len),
            Self::Event { event, .. } => event.len(),
            Self::Invoked(Invocation { event, answer, .. }) => {
                event.len() + answer.as_ref().map_or(0, bytes::Bytes::len)
            }
            Self::Output { line, .. } => line.len(),
            _ => 0,
        }
    }
}

/// A place where requests come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub enum Door {
    /// The WebSocket.
    WebSocket,
    /// `@connections`.
    ManagementApi,
    /// The embedded DynamoDB.
    DynamoDb,
    /// The embedded queues.
    Sqs,
    /// Lambda's Invoke API.
    InvokeApi,
    /// The console.
    Console,
    /// The Runtime API, which only the functions' own processes call.
    RuntimeApi,
}

/// One event that went to a route's function, and its result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Invocation {
    /// The connection.
    pub connection_id: String,
    /// The id of the event.
    pub request_id: String,
    /// The route.
    pub route_key: String,
    /// The function, by its logical id.
    pub function: String,
    /// The event as it was sent, as JSON. [`What::Event`] has told of it, so it is not serialised again.
    #[serde(skip)]
    pub event: Bytes,
    /// How long API Gateway waited for it.
    #[serde(rename = "tookMs", serialize_with = "json::milliseconds")]
    pub took: Duration,
    /// The result.
    #[serde(flatten)]
    pub result: InvocationResult,
    /// What the function answered, if it did.
    #[serde(serialize_with = "json::text_if_any", skip_serializing_if = "Option::is_none")]
    pub answer: Option<Bytes>,
    /// Why it failed, if it did. The client never sees this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Messages of a queue that went to a function in one event, and what became of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Batch {
    /// The queue's name.
    pub queue: String,
    /// The function, by its logical id.
    pub function: String,
    /// The event as it was sent, as JSON.
    #[serde(serialize_with = "json::event")]
    pub event: Bytes,
    /// How many messages it had.
    pub messages: usize,
    /// The ids of the messages that stay in the queue, because the function, or its answer, says that they have failed.
    pub failed: Vec<String>,
    /// How long the function took.
    #[serde(rename = "tookMs", serialize_with = "json::milliseconds")]
    pub took: Duration,
    /// What the function answered, if it did.
    #[serde(serialize_with = "json::text_if_any", skip_serializing_if = "Option::is_none")]
    pub answer: Option<Bytes>,
    /// Why all messages have failed, if they have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// The result of an invocation, as API Gateway sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "result", content = "status", rename_all = "camelCase")]
#[non_exhaustive]
pub enum InvocationResult {
    /// The function answered with this status.
    #[serde(rename = "answered")]
    Status(u16),
    /// The function failed, or its answer is malformed.
    Failed,
    /// The integration's time was up. The function may still be running.
    TimedOut,
}
