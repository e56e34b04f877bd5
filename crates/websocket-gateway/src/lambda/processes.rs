//! All functions that the gateway itself runs.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;

use tokio_util::sync::DropGuard;

use super::Program;
use super::host::Host;
use super::pool::Pool;
use crate::happenings::HappeningSender;

/// The functions that run as processes of the gateway.
///
/// Dropping this ends every instance, but only [`Processes::shutdown`] waits for their ends.
pub(crate) struct Processes {
    /// The functions by their logical ids.
    pools: HashMap<String, Arc<Pool>>,
    host: Arc<Host>,
    /// Shared by all deployments: the instances end with the last of them.
    stop_on_drop: Arc<DropGuard>,
}

impl Processes {
    /// The processes themselves start when they are needed.
    ///
    /// `own` is the gateway's own environment for functions (endpoints, credentials, region). It wins over the template's.
    pub(crate) fn new(programs: Vec<Program>, own: BTreeMap<String, String>, happenings: HappeningSender) -> Self {
        let host = Arc::new(Host::new(happenings));
        let stop_on_drop = Arc::new(host.stop.clone().drop_guard());
        let nothing = Self { pools: HashMap::new(), host, stop_on_drop };
        nothing.redeploy(programs, own)
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
            let new = Pool::new(program, Arc::clone(&own), Arc::clone(&self.host), before.map(|before| &**before));
            let pool = before.filter(|old| old.is_like(&new)).map_or(new, Arc::clone);
            (id, pool)
        });
        let (host, stop_on_drop) = (Arc::clone(&self.host), Arc::clone(&self.stop_on_drop));
        Self { pools: pools.collect(), host, stop_on_drop }
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
    }
}

impl fmt::Debug for Processes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processes").field("pools", &self.pools).finish_non_exhaustive()
    }
}
