use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::connections::OpenConnections;
use super::{Asynchronous, Deployment, Homes, Places, Throttle, Turns};
use crate::clock::Clock;
use crate::event::Writer;
use crate::faults::Faults;
use crate::guard::Guard;
use crate::happenings::{HappeningSender, Level, What};
use crate::ids::{self, ConnectionId};

/// How many `$disconnect`s run at the same time, a tenth of Lambda's concurrency, when many clients leave at once. The others wait: there are never
/// more of them than there have been clients.
pub(crate) const DISCONNECTS_AT_ONCE: usize = 100;

/// What every door of a running gateway shares. It holds state, and invokes no function.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) deployed: RwLock<Arc<Deployment>>,
    pub(crate) guard: Arc<Guard>,
    pub(crate) homes: Homes,
    pub(crate) clock: Clock,
    pub(crate) open: Arc<OpenConnections>,
    pub(crate) places: Places,
    pub(crate) asynchronous: Asynchronous,
    /// The turns of `$disconnect`.
    pub(crate) disconnects: Arc<Semaphore>,
    /// The turns of calls of `@connections`.
    pub(crate) turns: Turns,
    /// How many calls of `@connections` are served.
    pub(crate) throttle: Throttle,
    pub(crate) faults: Arc<Faults>,
    pub(crate) happenings: HappeningSender,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_duration: Duration,
    /// Everything that must end in good order before the gateway does: sessions, messages, `$connect`s, `$disconnect`s
    /// and the batches of queues.
    pub(crate) tasks: TaskTracker,
    /// Set when the gateway stops: sessions then close with 1001.
    pub(crate) stopping: CancellationToken,
    /// Set when the sessions have ended; nothing is served from then on. Until then `$disconnect` can still post, if only to learn which
    /// connections are gone.
    pub(crate) stopped: CancellationToken,
}

impl Service {
    /// What is served now. Ask once for each thing to do: a reload may come in between.
    pub(crate) fn deployment(&self) -> Arc<Deployment> {
        Arc::clone(&self.deployed.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Where clients connect: `ws://127.0.0.1:3001/prod`.
    pub(crate) fn url(&self) -> String {
        format!("ws://{}/{}", self.homes.gateway, self.deployment().api.stage.name)
    }

    /// Serves this deployment from now on, and ends the processes of the one before when they have answered.
    pub(crate) fn replace(&self, deployment: Arc<Deployment>) {
        let mut deployed = self.deployed.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *deployed, deployment);
        before.functions.retire(&deployed.functions);
    }

    /// Tells of an event that is lost because the gateway can't serve its route, and returns the id that it would have had.
    pub(crate) fn unserved(&self, connection: &ConnectionId, route_key: &str, why: &str) -> String {
        let request_id = ids::request_id(self.clock.now_ms());
        self.happenings.tell(Level::Error, || What::Unserved {
            connection_id: connection.to_string(),
            request_id: request_id.clone(),
            route_key: route_key.to_owned(),
            why: why.to_owned(),
        });
        request_id
    }

    /// Writes events of a deployment's API at the time that it is now.
    pub(crate) fn writer<'a>(&self, deployment: &'a Deployment) -> Writer<'a> {
        Writer { api: &deployment.api, now_ms: self.clock.now_ms() }
    }
}
