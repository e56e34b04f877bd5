use bytes::Bytes;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

/// How many invocations a reader may be behind before the oldest are lost to it.
const BACKLOG: usize = 4096;

/// One event that went to a function, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Invocation {
    /// The route that it was for.
    pub route_key: String,
    /// The event as it was sent.
    pub event: Bytes,
    /// What came of it.
    pub result: InvocationResult,
}

/// What came of an invocation, as API Gateway sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InvocationResult {
    /// The function answered with this status.
    Status(u16),
    /// The function failed, or its answer is malformed.
    Failed,
    /// The integration's time was up. The function may still be running.
    TimedOut,
}

/// Every invocation from now on, in the order in which they end.
#[derive(Debug)]
pub struct Invocations(broadcast::Receiver<Invocation>);

impl Invocations {
    /// The next one that ends; `None` when the gateway is gone.
    pub async fn next(&mut self) -> Option<Invocation> {
        loop {
            match self.0.recv().await {
                Ok(invocation) => return Some(invocation),
                Err(RecvError::Lagged(lost)) => tracing::warn!("{lost} invocations were not read in time"),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// The next one of this route that ends; those of other routes are passed over. `None` when the gateway is gone.
    pub async fn next_of(&mut self, route_key: &str) -> Option<Invocation> {
        loop {
            let invocation = self.next().await?;
            if invocation.route_key == route_key {
                return Some(invocation);
            }
        }
    }
}

/// The writing end.
#[derive(Debug)]
pub(crate) struct Journal(broadcast::Sender<Invocation>);

impl Journal {
    pub(crate) fn new() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }

    pub(crate) fn read(&self) -> Invocations {
        Invocations(self.0.subscribe())
    }

    pub(crate) fn write(&self, route_key: &str, event: &Bytes, result: InvocationResult) {
        if self.0.receiver_count() > 0 {
            let invocation = Invocation { route_key: route_key.to_owned(), event: event.clone(), result };
            // The last reader may have gone in between, which is no loss.
            drop(self.0.send(invocation));
        }
    }
}
