use std::time::Duration;

use bytes::Bytes;

/// Something that happened, and when.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Happening {
    /// When it happened, by the gateway's clock, in milliseconds since 1970.
    pub at_ms: u64,
    /// Who should know of it.
    pub level: Level,
    /// What happened.
    pub what: What,
}

/// Who should know of a happening. A reader that asks for one level gets the levels before it, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum What {
    /// A client asks for a connection.
    Connecting {
        /// The id that the connection will have.
        connection_id: String,
        /// The client's address.
        source_ip: String,
    },
    /// The authorizer has allowed a client to connect.
    Authorized {
        /// The id that the connection will have.
        connection_id: String,
        /// The id of the authorizer's event.
        request_id: String,
        /// The authorizer's function, by its logical id.
        function: String,
        /// How long the function took.
        took: Duration,
    },
    /// A request was refused: a handshake, a call to `@connections` or to the store.
    Refused {
        /// Where the request came in.
        door: Door,
        /// The HTTP status of the answer.
        status: u16,
        /// The id that the connection would have had, for a handshake.
        connection_id: Option<String>,
        /// The id of the event, if a function decided.
        request_id: Option<String>,
        /// The reason, as a sentence.
        why: String,
    },
    /// A connection is open: its client has got the 101.
    Opened {
        /// The connection.
        connection_id: String,
    },
    /// A message came from a client.
    Received {
        /// The connection.
        connection_id: String,
        /// The message, which is UTF-8.
        message: Bytes,
    },
    /// No route takes a message; the client gets the frame `Forbidden`.
    NoRoute {
        /// The connection.
        connection_id: String,
        /// The id in the client's error frame.
        request_id: String,
    },
    /// An event goes to a route's function.
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
        event: Bytes,
    },
    /// A route's function has answered, failed or timed out.
    Invoked(Invocation),
    /// A reply is over the limit of a message. The connection is closed.
    ReplyTooLarge {
        /// The connection.
        connection_id: String,
        /// The route.
        route_key: String,
        /// The size of the reply in bytes.
        bytes: usize,
    },
    /// A call to `@connections` was not signed and was served all the same.
    NotSigned {
        /// The HTTP method.
        method: String,
        /// The path.
        path: String,
    },
    /// A call to `@connections` was answered.
    Posted {
        /// The connection, if it is known.
        connection_id: Option<String>,
        /// The HTTP method: `POST`, `GET` or `DELETE`.
        method: String,
        /// The function that called, by its logical id; `None` for another caller.
        function: Option<String>,
        /// The HTTP status of the answer.
        status: u16,
        /// What was posted.
        message: Bytes,
    },
    /// A post is not UTF-8. Its invalid bytes were replaced.
    PostNotUtf8 {
        /// The connection.
        connection_id: String,
    },
    /// A message was sent to a client.
    Delivered {
        /// The connection.
        connection_id: String,
        /// The message, which is UTF-8.
        message: Bytes,
    },
    /// A connection has closed.
    Closed {
        /// The connection.
        connection_id: String,
        /// The close code that `$disconnect` is told.
        code: u16,
        /// The reason that `$disconnect` is told.
        reason: String,
    },
    /// A function has printed a line.
    Output {
        /// The function, by its logical id.
        function: String,
        /// The line, without its end.
        line: String,
    },
    /// An instance of a function has fetched an invocation: Lambda's START line.
    Start {
        /// The function, by its logical id.
        function: String,
        /// Lambda's id of the invocation.
        request_id: String,
    },
    /// An instance has ended an invocation: Lambda's END line.
    End {
        /// The function, by its logical id.
        function: String,
        /// Lambda's id of the invocation.
        request_id: String,
    },
    /// What an invocation took: Lambda's REPORT line.
    Report {
        /// The function, by its logical id.
        function: String,
        /// Lambda's id of the invocation.
        request_id: String,
        /// How long it took, until the instance asked for more.
        took: Duration,
        /// How long the instance took to initialise, if this was its first invocation.
        init: Option<Duration>,
        /// The function's `MemorySize` in MB.
        memory_size: u32,
        /// The most memory that the process has had, in MB. Only Linux tells.
        max_memory_used: Option<u64>,
        /// How it failed, if it did: `timeout`, or `error` with a type.
        status: Option<&'static str>,
    },
    /// A function has used more memory than it has on AWS.
    OverMemory {
        /// The function, by its logical id.
        function: String,
        /// The most memory that the process has had, in MB.
        used: u64,
        /// The function's `MemorySize` in MB.
        memory_size: u32,
    },
    /// A process of a function has ended by itself while it was idle.
    IdleExit {
        /// The function, by its logical id.
        function: String,
        /// How it ended.
        status: String,
    },
    /// A process of a function took too long and is killed.
    Killed {
        /// The function, by its logical id.
        function: String,
    },
    /// An invocation that no client waits for has failed: it came through Lambda's Invoke API.
    InvocationFailed {
        /// The function, by its logical id.
        function: String,
        /// The reason.
        why: String,
    },
    /// The store does not answer.
    StoreFailed {
        /// The reason.
        why: String,
    },
    /// An event could not be recorded.
    NotRecorded {
        /// The reason, with the file.
        why: String,
    },
    /// The template and the functions were read again, and what is new is served from now on.
    Reloaded {
        /// The functions that are new or were replaced, by their logical ids.
        functions: Vec<String>,
    },
    /// Some connections did not close in time when the gateway stopped.
    StoppedEarly,
    /// This reader was too slow, and the oldest happenings that it had not read are lost to it.
    Missed {
        /// How many.
        count: u64,
    },
}

/// A place where requests come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Door {
    /// The WebSocket.
    WebSocket,
    /// `@connections`.
    ManagementApi,
    /// The embedded DynamoDB.
    DynamoDb,
}

/// One event that went to a route's function, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// The event as it was sent, as JSON.
    pub event: Bytes,
    /// How long API Gateway waited for it.
    pub took: Duration,
    /// What came of it.
    pub result: InvocationResult,
    /// What the function answered, if it did.
    pub answer: Option<Bytes>,
    /// Why it failed, if it did. The client never sees this.
    pub error: Option<String>,
}

/// What came of an invocation, as API Gateway sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvocationResult {
    /// The function answered with this status.
    Status(u16),
    /// The function failed, or its answer is malformed.
    Failed,
    /// The integration's time was up. The function may still be running.
    TimedOut,
}
