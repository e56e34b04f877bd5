//! Why an invocation failed.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::time::Duration;

use bytes::Bytes;

/// What to do about a program that does not start.
fn advice(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => "restart the gateway to build or to find it again",
        _ if error.raw_os_error() == Some(rustix::io::Errno::NOEXEC.raw_os_error()) => {
            "it was built for another system or processor: build it for this machine"
        }
        _ => "see whether this user may run it",
    }
}

/// Why an invocation failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvokeError {
    /// The function itself reported an error: its handler failed or panicked, or it could not initialise. AWS returns this as an answer with
    /// the header `X-Amz-Function-Error`.
    #[error("the function failed with {error_type}: {message}")]
    FunctionError {
        /// `errorType`, from the body or else from the header `Lambda-Runtime-Function-Error-Type`.
        error_type: String,
        /// `errorMessage`, or the beginning of the body if the body does not have Lambda's format.
        message: String,
        /// The body as the function sent it.
        payload: Bytes,
    },
    /// The process ended without an answer. AWS calls this `Runtime.ExitError`.
    #[error(
        "the function's process ended {} ({status}); its output in the log may say why",
        if *.during_init { "before it asked for its first event" } else { "without an answer" }
    )]
    Exited {
        /// The process's exit status.
        status: ExitStatus,
        /// Whether it ended before it asked for its first event.
        during_init: bool,
    },
    /// The process took too long and was killed. AWS calls this `Sandbox.Timedout`.
    #[error(
        "the function did not {} within {} s and was killed",
        if *.during_init { "ask for its first event" } else { "answer" }, .after.as_secs_f64()
    )]
    TimedOut {
        /// The time that it had: the function's `Timeout`, or 10 s to initialise.
        after: Duration,
        /// Whether it had not yet asked for its first event.
        during_init: bool,
    },
    /// As many invocations are in progress as Lambda allows. AWS calls this `TooManyRequestsException`.
    #[error(
        "throttled: {concurrency} invocations are in progress, and {} allows no more",
        if *.is_reserved { "the function's ReservedConcurrentExecutions" } else { "Lambda's concurrency in an account" }
    )]
    Throttled {
        /// How many are allowed.
        concurrency: usize,
        /// Whether the function's `ReservedConcurrentExecutions` sets this, and not the concurrency that all others share.
        is_reserved: bool,
    },
    /// A person at the console has throttled the function. AWS calls this `TooManyRequestsException`.
    #[error("throttled")]
    ThrottledByHand,
    /// A person at the console has killed the process. AWS calls this `Runtime.ExitError`.
    #[error("the function's process was killed")]
    KilledByHand,
    /// The operating system did not start the process.
    #[error("could not start {}: {source}; {}", .executable.display(), advice(source))]
    NotStarted {
        /// The operating system's error.
        source: io::Error,
        /// The function's executable.
        executable: PathBuf,
    },
    /// The server at `--lambda-endpoint` did not invoke the function.
    #[error("the Lambda endpoint {url} did not invoke the function: {why}")]
    Endpoint {
        /// The server's URL.
        url: String,
        /// What went wrong.
        why: String,
    },
    /// The template does not have a function with this logical id.
    #[error("the template has no function with the logical id {function}")]
    UnknownFunction {
        /// The logical id that was asked for.
        function: String,
    },
    /// The gateway can't start the function, for example because its code is [`Code::NotHere`](crate::api::Code::NotHere).
    #[error("the function can't be started here: {why}")]
    NotHere {
        /// The reason.
        why: String,
    },
    /// The gateway is shutting down and ends its functions.
    #[error("the gateway is shutting down")]
    ShuttingDown,
}
