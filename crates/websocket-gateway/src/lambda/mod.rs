//! Invoking functions: the Lambda Runtime API on a local port, and the functions' own binaries as child processes.
//!
//! Nothing in a binary differs from what runs on AWS. Each process finds the Runtime API in `AWS_LAMBDA_RUNTIME_API`, asks it for an
//! invocation, answers, and asks again. A process is one *instance* and works on one invocation at a time; invocations that overlap
//! get instances of their own.
//!
//! - [`build`] makes the binaries with cargo,
//! - `functions` is what a deployment can invoke, here or [`remote`](RemoteLambda),
//! - `processes` is all functions that the gateway runs itself,
//! - `pool` is the instances of one function, and the place where they are started,
//! - `schedule` decides which instance gets which invocation (no I/O, no tasks),
//! - `host` is what all pools share, and knows every instance by its id,
//! - `instance` is the life of one process, from its start until it is reaped,
//! - `runtime_api` is what the processes talk to,
//! - `platform_log` is the lines that Lambda adds to a function's log.

mod build;
mod error;
mod error_report;
mod functions;
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

/// A built function.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// What the template says about it.
    pub(crate) function: Function,
    /// Its binary, as an absolute path.
    pub(crate) executable: PathBuf,
}
