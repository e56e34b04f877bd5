//! Invokes functions: the functions' own binaries run as child processes and use a Lambda Runtime API on a local port of their own.
//!
//! The binaries are the same as on AWS. Each process finds the Runtime API in `AWS_LAMBDA_RUNTIME_API`, asks it for an invocation, answers,
//! and asks again. A process is one *instance* and works on one invocation at a time. Invocations that overlap get different instances.
//!
//! - [`build`] makes the binaries with cargo,
//! - `functions` contains everything that a deployment can invoke, here or [elsewhere](RemoteLambda),
//! - `processes` contains all functions that the gateway itself runs,
//! - `pool` contains the instances of one function, and starts them,
//! - `concurrency` limits how many invocations are in progress,
//! - `schedule` decides which instance gets which invocation (no I/O, no tasks),
//! - `host` contains what all instances share,
//! - `instance` is the process of an instance, from its start until it is reaped,
//! - `runtime_api` is the HTTP server for the processes,
//! - `platform_log` adds Lambda's own lines to a function's log.
//!
//! A runtime for another language, for example Python, would begin in [`Code`](crate::api::Code): a new variant, which `template/code.rs`
//! chooses, says what the function is built from. [`build`] turns it into a [`Program`] and says which sources to watch; `instance` starts the
//! program, with the variables and the address of the Runtime API that the runtime expects.

mod build;
mod concurrency;
mod error;
mod error_report;
mod functions;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod host;
mod instance;
mod instance_id;
mod invocation;
mod platform_log;
mod pool;
mod process_group;
mod processes;
mod remote;
mod runtime_api;
mod schedule;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use crate::api::Function;

pub use build::BuildError;
pub(crate) use build::{Sources, build, name_binaries};
pub use error::InvokeError;
pub(crate) use functions::{Callable, Functions};
pub(crate) use processes::Processes;
pub(crate) use remote::{INVOKE_API, RemoteLambda};

/// A function that is ready to be started.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// What the template says about it.
    pub(crate) function: Function,
    /// The absolute path of its executable.
    pub(crate) executable: PathBuf,
}
