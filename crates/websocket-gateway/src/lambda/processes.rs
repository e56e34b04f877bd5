//! All functions that the gateway itself runs.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::io;
use std::net::Ipv4Addr;
use std::sync::Arc;

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use super::host::Host;
use super::instance_id::Owners;
use super::pool::Pool;
use super::{Program, runtime_api};
use crate::happenings::HappeningSender;

/// The functions that run as processes of the gateway.
///
/// Dropping this ends every instance, but only [`Processes::shutdown`] waits for their ends.
pub(crate) struct Processes {
    /// The functions by their logical ids.
    pools: HashMap<String, Arc<Pool>>,
    host: Arc<Host>,
    /// The pool of every instance, also of earlier deployments.
    by_instance: Arc<Owners<Pool>>,
    serving: Arc<Serving>,
}

/// The Runtime API. It is shared by all deployments and ends with the last of them.
struct Serving {
    /// Cancelled when no instance needs the Runtime API any more.
    runtime_api: CancellationToken,
    /// The Runtime API's server.
    tasks: TaskTracker,
    _on_drop: [DropGuard; 2],
}

impl Processes {
    /// Opens the Runtime API on a free port of 127.0.0.1. Processes start when they are needed.
    ///
    /// `own` is the gateway's own environment for functions (endpoints, credentials, region). It wins over the template's.
    ///
    /// # Errors
    /// If no port can be opened.
    pub(crate) async fn start(
        programs: Vec<Program>,
        own: BTreeMap<String, String>,
        happenings: HappeningSender,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let host = Arc::new(Host::new(listener.local_addr()?.to_string(), happenings));
        let runtime_api = CancellationToken::new();
        let by_instance = Arc::new(Owners::new());
        let tasks = TaskTracker::new();
        let pools = Arc::clone(&by_instance);
        tasks.spawn(runtime_api::serve(listener, pools, host.happenings.clone(), runtime_api.clone()));
        tasks.close();
        let on_drop = [host.stop.clone().drop_guard(), runtime_api.clone().drop_guard()];
        let serving = Arc::new(Serving { runtime_api, tasks, _on_drop: on_drop });
        let nothing = Self { pools: HashMap::new(), host, by_instance, serving };
        Ok(nothing.redeploy(programs, own))
    }

    /// Replaces the programs. A function keeps its instances if nothing about it has changed, including its executable.
    ///
    /// Both the old and the new functions can be invoked until [`Processes::retire`] ends the old ones.
    #[must_use]
    pub(crate) fn redeploy(&self, programs: Vec<Program>, own: BTreeMap<String, String>) -> Self {
        let own = Arc::new(own);
        let pools = programs.into_iter().map(|program| {
            let id = program.function.logical_id.clone();
            let before = self.pools.get(&id);
            let (own, host, by_instance) = (Arc::clone(&own), Arc::clone(&self.host), Arc::clone(&self.by_instance));
            let new = Pool::new(program, own, host, by_instance, before.map(|before| &**before));
            let pool = before.filter(|old| old.is_like(&new)).map_or(new, Arc::clone);
            (id, pool)
        });
        Self {
            pools: pools.collect(),
            host: Arc::clone(&self.host),
            by_instance: Arc::clone(&self.by_instance),
            serving: Arc::clone(&self.serving),
        }
    }

    /// Every function, with its logical id.
    pub(super) fn pools(&self) -> impl Iterator<Item = (&String, &Arc<Pool>)> {
        self.pools.iter()
    }

    /// The logical ids of the functions that it does not share with `other`.
    pub(crate) fn differing_from(&self, other: &Self) -> Vec<&str> {
        let is_shared = |id: &String, pool| other.pools.get(id).is_some_and(|other| Arc::ptr_eq(other, pool));
        let mut ids: Vec<_> =
            self.pools.iter().filter(|(id, pool)| !is_shared(id, pool)).map(|(id, _)| id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    /// Ends every instance that `successor` does not share, each as soon as it is idle.
    pub(crate) fn retire(&self, successor: &Self) {
        for id in self.differing_from(successor) {
            self.pools[id].retire();
        }
    }

    /// Ends every instance without waiting for its end.
    pub(crate) fn kill(&self) {
        self.host.stop.cancel();
    }

    /// Ends every instance: SIGTERM to its process group and a short wait if it has registered an extension, then SIGKILL. Returns when all
    /// processes are reaped.
    ///
    /// Invocations in progress and later ones fail with [`super::InvokeError::ShuttingDown`].
    pub(crate) async fn shutdown(&self) {
        for pool in self.pools.values() {
            pool.close();
        }
        self.host.stop.cancel();
        self.host.instances.close();
        self.host.instances.wait().await;
        self.serving.runtime_api.cancel();
        self.serving.tasks.wait().await;
    }
}

impl fmt::Debug for Processes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processes").field("runtime_api", &self.host.runtime_api).finish_non_exhaustive()
    }
}
