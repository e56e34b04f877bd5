//! Invokes functions: the functions' own binaries run as child processes and use a Lambda Runtime API on a local port of their own.
//!
//! The binaries are the same as on AWS. Each process finds the Runtime API in `AWS_LAMBDA_RUNTIME_API`, asks it for an invocation, answers,
//! and asks again. A process is one *instance* and works on one invocation at a time. Invocations that overlap get different instances.
//!
//! - [`build`] makes the binaries of Rust functions with cargo,
//! - `files` finds what runs the files of all others: Node.js, Python, or nothing but the file itself,
//! - `functions` contains everything that a deployment can invoke, here or [elsewhere](RemoteLambda),
//! - `processes` contains all functions that the gateway itself runs,
//! - `pool` contains the instances of one function, and starts them,
//! - `fault` makes an invocation slow, or fail, where a person wants to see that,
//! - `concurrency` limits how many invocations are in progress,
//! - `schedule` decides which instance gets which invocation (no I/O, no tasks),
//! - `host` contains what all instances share,
//! - `instance` is the process of an instance, from its start until it is reaped,
//! - `runtime_api` is the HTTP server for the processes,
//! - `platform_log` adds Lambda's own lines to a function's log.
//!
//! A runtime for another language would begin in [`Runtime`](crate::api::Runtime), which `template/code.rs` reads. A module in `files` finds the
//! interpreter, and says which arguments and variables it needs; a file in `bootstrap/` is what it runs: it loads the handler and speaks
//! the Runtime API.

mod build;
mod concurrency;
mod error;
mod error_report;
mod fault;
mod files;
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

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use crate::api::{Code, Function};

pub use build::BuildError;
pub(crate) use build::{Build, Sources, build, name_binaries};
pub use error::InvokeError;
pub(crate) use fault::ByHand;
pub(crate) use files::Runtimes;
pub(crate) use functions::{Callable, Functions};
pub(crate) use processes::Processes;
pub(crate) use remote::{INVOKE_API, RemoteLambda};

/// A function that is ready to be started.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    /// What the template says about it.
    pub(crate) function: Function,
    /// The absolute path of its executable, or of what interprets its code.
    pub(crate) executable: PathBuf,
    /// The executable's arguments.
    arguments: Vec<OsString>,
    /// The variables that its runtime needs. Those of the template win.
    variables: BTreeMap<String, OsString>,
    /// Where it starts. `None` for the gateway's own directory.
    directory: Option<PathBuf>,
    /// What tells its code from that of another build.
    version: u64,
}

impl Program {
    /// A function that is an executable of its own.
    fn binary(function: Function, executable: PathBuf) -> Self {
        let version = files::fingerprint([], &executable);
        let (arguments, variables) = (Vec::new(), BTreeMap::new());
        Self { function, executable, arguments, variables, directory: None, version }
    }

    /// What `_HANDLER` is on AWS.
    fn handler(&self) -> &str {
        match &self.function.code {
            Code::Cargo { .. } => "bootstrap",
            Code::Files(files) => &files.handler,
            Code::NotHere { .. } => "",
        }
    }
}
