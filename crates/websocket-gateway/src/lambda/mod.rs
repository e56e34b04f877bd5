//! Invoking functions: the Lambda Runtime API on a local port, and the functions' own binaries as child processes.
//!
//! Nothing in a binary differs from what runs on AWS. Each process finds the Runtime API in `AWS_LAMBDA_RUNTIME_API`, asks it for an
//! invocation, answers, and asks again. One process is one *instance* and works on one invocation at a time; invocations that overlap
//! get instances of their own.
//!
//! - [`build`] makes the binaries with cargo,
//! - `schedule` decides which instance gets which invocation (no I/O, no tasks),
//! - `pool` is that schedule behind a lock, and the place where instances are started,
//! - `instance` is the life of one process, from its start until it is reaped,
//! - `runtime_api` is what the processes talk to.

mod build;
mod endpoint;
mod environment;
mod error;
mod ids;
mod instance;
mod invocation;
mod output;
mod pool;
mod process_group;
mod report;
mod runtime_api;
mod schedule;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::api::{Code, Function};

pub use build::{BuildError, build};
pub(crate) use endpoint::Endpoint;
pub use error::InvokeError;
use pool::Pool;

/// A built function.
#[derive(Clone, Debug)]
pub struct Program {
    /// What the template says about it.
    pub function: Function,
    /// Its binary, as an absolute path.
    pub executable: PathBuf,
}

/// Every function by its logical id.
type Pools = HashMap<String, Arc<Pool>>;

/// What all instances share.
struct Host {
    /// `host:port` of the Runtime API.
    runtime_api: String,
    /// The gateway's own environment for functions.
    own: BTreeMap<String, String>,
    /// One task an instance. It ends when the process is reaped.
    instances: TaskTracker,
    /// Cancelled when every instance must end.
    stop: CancellationToken,
}

/// The functions of an API, ready to be invoked.
///
/// Dropping it ends every instance too, but only [`Lambda::shutdown`] waits for that.
pub struct Lambda {
    pools: Arc<Pools>,
    /// Why functions without a pool have none, by their logical ids.
    not_here: HashMap<String, String>,
    host: Arc<Host>,
    runtime_api: AbortOnDropHandle<()>,
    _stop_on_drop: DropGuard,
}

impl Lambda {
    /// Opens the Runtime API on a free port of 127.0.0.1. No process is started until it is needed.
    ///
    /// `own` is the gateway's own environment for functions (endpoints, credentials, region); it wins over the template's.
    ///
    /// # Errors
    ///
    /// When no port can be opened.
    pub async fn start(programs: Vec<Program>, own: BTreeMap<String, String>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let stop = CancellationToken::new();
        let host = Arc::new(Host {
            runtime_api: listener.local_addr()?.to_string(),
            own,
            instances: TaskTracker::new(),
            stop: stop.clone(),
        });
        let pools: Pools = programs
            .into_iter()
            .map(|program| (program.function.logical_id.clone(), Pool::new(program, Arc::clone(&host))))
            .collect();
        let pools = Arc::new(pools);
        let runtime_api = AbortOnDropHandle::new(tokio::spawn(runtime_api::serve(listener, Arc::clone(&pools))));
        Ok(Self { pools, not_here: HashMap::new(), host, runtime_api, _stop_on_drop: stop.drop_guard() })
    }

    /// Remembers why those of `functions` that are [`Code::NotHere`] are, for whoever invokes them.
    #[must_use]
    pub fn knowing<'f>(mut self, functions: impl IntoIterator<Item = &'f Function>) -> Self {
        self.not_here.extend(functions.into_iter().filter_map(|function| match &function.code {
            Code::NotHere { why } => Some((function.logical_id.clone(), why.clone())),
            Code::Cargo { .. } => None,
        }));
        self
    }

    /// Invokes the function with this logical id and waits for its answer, which is JSON (AWS's invocation type `RequestResponse`).
    ///
    /// Dropping the future gives up the answer, not the invocation: the function works on to its end or its time-out, as on AWS.
    ///
    /// # Errors
    ///
    /// See [`InvokeError`].
    pub async fn invoke(&self, function: &str, event: Bytes) -> Result<Bytes, InvokeError> {
        let Some(pool) = self.pools.get(function) else {
            return Err(match self.not_here.get(function) {
                Some(why) => InvokeError::NotHere { why: why.clone() },
                None => InvokeError::UnknownFunction { function: function.to_owned() },
            });
        };
        // Nothing drops a reply unsent but the end of the runtime.
        pool.invoke(event).await.unwrap_or(Err(InvokeError::ShuttingDown))
    }

    /// Ends every instance without waiting for it.
    pub(crate) fn kill(&self) {
        self.host.stop.cancel();
    }

    /// Ends every instance: SIGTERM to its process group, a short wait, then SIGKILL. Returns when all processes are reaped.
    ///
    /// Running invocations and later ones fail with [`InvokeError::ShuttingDown`].
    pub async fn shutdown(&self) {
        for pool in self.pools.values() {
            pool.close();
        }
        self.host.stop.cancel();
        self.host.instances.close();
        self.host.instances.wait().await;
        self.runtime_api.abort();
    }
}

impl fmt::Debug for Lambda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lambda").field("runtime_api", &self.host.runtime_api).finish_non_exhaustive()
    }
}
