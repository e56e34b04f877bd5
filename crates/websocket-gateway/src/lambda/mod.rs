//! Invoking functions: the Lambda Runtime API on a local port, and the functions' own binaries as child processes.
//!
//! Nothing in a binary differs from what runs on AWS. Each process finds the Runtime API in `AWS_LAMBDA_RUNTIME_API`, asks it for an
//! invocation, answers, and asks again. One process is one *instance* and works on one invocation at a time; invocations that overlap
//! get instances of their own.
//!
//! - [`build`] makes the binaries with cargo,
//! - `schedule` decides which instance gets which invocation (no I/O, no tasks),
//! - `pool` is that schedule behind a lock, and the place where instances are started,
//! - `host` is what all pools share, and knows every instance by its id,
//! - `instance` is the life of one process, from its start until it is reaped,
//! - `open_files` is how many files a process may open,
//! - `runtime_api` is what the processes talk to.

mod build;
mod endpoint;
mod environment;
mod error;
mod host;
mod ids;
mod instance;
mod invocation;
mod open_files;
mod output;
mod platform_log;
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

use crate::api::{Code, Function};

pub(crate) use build::name_binaries;
pub use build::{BuildError, build};
pub(crate) use build::{Sources, sources};
pub(crate) use endpoint::Endpoint;
pub use error::InvokeError;
use host::Host;
use pool::Pool;

/// A built function.
#[derive(Clone, Debug)]
pub struct Program {
    /// What the template says about it.
    pub function: Function,
    /// Its binary, as an absolute path.
    pub executable: PathBuf,
}

/// The functions of an API, ready to be invoked.
///
/// Dropping it ends every instance too, but only [`Lambda::shutdown`] waits for that.
pub struct Lambda {
    /// Every function by its logical id.
    pools: HashMap<String, Arc<Pool>>,
    /// Why functions without a pool have none, by their logical ids.
    not_here: HashMap<String, String>,
    host: Arc<Host>,
    serving: Arc<Serving>,
}

/// Ends with the last [`Lambda`] of a host.
struct Serving {
    /// Cancelled when no instance needs the Runtime API any more.
    runtime_api: CancellationToken,
    _on_drop: [DropGuard; 2],
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
        let host = Arc::new(Host::new(listener.local_addr()?.to_string()));
        let runtime_api = CancellationToken::new();
        tokio::spawn(runtime_api::serve(listener, Arc::clone(&host), runtime_api.clone()));
        let on_drop = [host.stop.clone().drop_guard(), runtime_api.clone().drop_guard()];
        let serving = Arc::new(Serving { runtime_api, _on_drop: on_drop });
        let nothing = Self { pools: HashMap::new(), not_here: HashMap::new(), host, serving };
        Ok(nothing.redeploy(programs, own))
    }

    /// These programs in place of the ones so far. A function of which nothing has changed, its executable included, keeps its instances.
    ///
    /// Both can be invoked from now on, until [`Lambda::retire`] ends the old one.
    #[must_use]
    pub(crate) fn redeploy(&self, programs: Vec<Program>, own: BTreeMap<String, String>) -> Self {
        let own = Arc::new(own);
        let pools = programs.into_iter().map(|program| {
            let id = program.function.logical_id.clone();
            let new = Pool::new(program, Arc::clone(&own), Arc::clone(&self.host));
            let pool = self.pools.get(&id).filter(|old| old.is_like(&new)).map_or(new, Arc::clone);
            (id, pool)
        });
        let pools = pools.collect();
        let not_here = HashMap::new();
        Self { pools, not_here, host: Arc::clone(&self.host), serving: Arc::clone(&self.serving) }
    }

    /// The logical ids of the functions that it does not share with `other`.
    pub(crate) fn differing_from(&self, other: &Self) -> Vec<&str> {
        let is_shared = |id: &String, pool| other.pools.get(id).is_some_and(|other| Arc::ptr_eq(other, pool));
        let mut ids: Vec<_> =
            self.pools.iter().filter(|(id, pool)| !is_shared(id, pool)).map(|(id, _)| id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    /// Ends every instance that `successor` does not share, each when it has no more to do.
    pub(crate) fn retire(&self, successor: &Self) {
        for id in self.differing_from(successor) {
            self.pools[id].retire();
        }
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
        self.serving.runtime_api.cancel();
    }
}

impl fmt::Debug for Lambda {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lambda").field("runtime_api", &self.host.runtime_api).finish_non_exhaustive()
    }
}
