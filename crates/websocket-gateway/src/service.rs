//! What every part of a running gateway shares.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::Api;
use crate::clock::Clock;
use crate::connections::OpenConnections;
use crate::event::{Closed, Connection, Writer};
use crate::functions::Functions;
use crate::integration;
use crate::invocations::Journal;

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) api: Api,
    pub(crate) functions: Functions,
    pub(crate) clock: Clock,
    pub(crate) open: OpenConnections,
    pub(crate) journal: Journal,
    pub(crate) idle_timeout: Duration,
    pub(crate) max_duration: Duration,
    /// Whatever must end in good order before the gateway does: sessions, messages, `$connect`s and `$disconnect`s.
    pub(crate) tasks: TaskTracker,
    /// Set when the gateway stops: sessions then close with 1001.
    pub(crate) stopping: CancellationToken,
}

impl Service {
    pub(crate) fn writer(&self) -> Writer<'_> {
        Writer { api: &self.api, now_ms: self.clock.now_ms() }
    }

    /// Runs `$disconnect`, if there is such a route. Nobody waits for its answer.
    pub(crate) fn disconnected(self: &Arc<Self>, connection: Connection, closed: Closed) {
        let service = Arc::clone(self);
        self.tasks.spawn(async move {
            tracing::info!(connectionId = %connection.id, reason = closed.reason, "closed: {}", closed.code);
            if let Some(route) = service.api.routes.get("$disconnect") {
                let event = service.writer().disconnect(&connection, &closed);
                integration::invoke(&service, "$disconnect", route, &event).await;
            }
        });
    }
}
