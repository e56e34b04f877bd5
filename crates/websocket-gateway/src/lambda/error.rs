//! Why an invocation has no answer.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;

/// Why an invocation has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvokeError {
    /// The function itself reported an error: its handler failed or panicked, or it could not initialise. On AWS this is an answer
    /// with `X-Amz-Function-Error`.
    #[error("the function failed with {error_type}: {message}")]
    FunctionError {
        /// `errorType`, from the body or else from the header `Lambda-Runtime-Function-Error-Type`.
        error_type: String,
        /// `errorMessage`, or the whole body if it is not of Lambda's shape.
        message: String,
        /// The body as it was sent.
        payload: Bytes,
    },
    /// The process ended without an answer. On AWS: `Runtime.ExitError`.
    #[error("the function's process ended {} ({status})", if *.during_init { "before it asked for its first event" } else { "without an answer" })]
    Exited {
        /// How it ended.
        status: ExitStatus,
        /// Whether it ended before it asked for its first event.
        during_init: bool,
    },
    /// The process took too long and was killed. On AWS: `Sandbox.Timedout`.
    #[error("the function {} within {} s and was killed", if *.during_init { "asked for no event" } else { "did not answer" }, .after.as_secs_f64())]
    TimedOut {
        /// What it was allowed: the function's `Timeout`, or 10 s to initialise.
        after: Duration,
        /// Whether it had not yet asked for its first event.
        during_init: bool,
    },
    /// As many invocations as the function's `ReservedConcurrentExecutions` allows are under way. On AWS: `TooManyRequestsException`.
    #[error("throttled: {concurrency} invocations are under way, which is its ReservedConcurrentExecutions")]
    Throttled {
        /// How many it may have.
        concurrency: usize,
    },
    /// There is no process: the operating system refused to start it.
    #[error("could not start {}: {source}", .executable.display())]
    NotStarted {
        /// The operating system's answer.
        source: io::Error,
        /// The binary.
        executable: PathBuf,
    },
    /// The server of `--lambda-endpoint` did not invoke it.
    #[error("the Lambda endpoint {url}: {why}")]
    Endpoint {
        /// The server.
        url: String,
        /// What went wrong.
        why: String,
    },
    /// No function has this logical id.
    #[error("there is no function {function}")]
    UnknownFunction {
        /// The logical id asked for.
        function: String,
    },
    /// The gateway can't start the function: it is [`Code::NotHere`](crate::api::Code::NotHere).
    #[error("the function can't be started here: {why}; --lambda-endpoint URL calls it where it runs")]
    NotHere {
        /// The reason.
        why: String,
    },
    /// The gateway is ending, and its functions with it.
    #[error("the gateway is shutting down")]
    ShuttingDown,
}
