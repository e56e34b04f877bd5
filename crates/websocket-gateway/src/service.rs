//! What every part of a running gateway shares.

use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Clock;
use crate::connections::OpenConnections;
use crate::deployment::Deployment;
use crate::event::{Closed, Connection, Writer};
use crate::guard::Guard;
use crate::integration;
use crate::invocations::Journal;
use crate::places::Places;
use crate::record::Recorder;

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) deployed: RwLock<Arc<Deployment>>,
    pub(crate) guard: Arc<Guard>,
    pub(crate) clock: Clock,
    pub(crate) open: OpenConnections,
    pub(crate) places: Places,
    pub(crate) journal: Journal,
    pub(crate) recorder: Option<Recorder>,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_duration: Duration,
    /// Whatever must end in good order before the gateway does: sessions, messages, `$connect`s and `$disconnect`s.
    pub(crate) tasks: TaskTracker,
    /// Set when the gateway stops: sessions then close with 1001.
    pub(crate) stopping: CancellationToken,
    /// Set when that is done, and nothing is served any more. Until then `$disconnect` can still post, be it to learn who is gone.
    pub(crate) stopped: CancellationToken,
}

impl Service {
    /// What is served now. Ask once for each thing to do: a reload may come in between.
    pub(crate) fn deployment(&self) -> Arc<Deployment> {
        Arc::clone(&self.deployed.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Serves this from now on, and ends what was served before when it is done.
    pub(crate) fn replace(&self, deployment: Arc<Deployment>) {
        let mut deployed = self.deployed.write().unwrap_or_else(PoisonError::into_inner);
        let before = std::mem::replace(&mut *deployed, deployment);
        before.functions.retire(&deployed.functions);
    }

    pub(crate) fn writer<'a>(&self, deployment: &'a Deployment) -> Writer<'a> {
        Writer { api: &deployment.api, now_ms: self.clock.now_ms() }
    }

    /// Runs `$disconnect`, if there is such a route. Nobody waits for its answer.
    pub(crate) fn disconnected(self: &Arc<Self>, connection: Connection, closed: Closed) {
        let service = Arc::clone(self);
        self.tasks.spawn(async move {
            tracing::info!(connectionId = %connection.id, reason = closed.reason, "closed: {}", closed.code);
            let deployment = service.deployment();
            if let Some(route) = deployment.api.routes.get("$disconnect") {
                let event = service.writer(&deployment).disconnect(&connection, &closed);
                integration::invoke(&service, &deployment, "$disconnect", route, &event).await;
            }
        });
    }
}
