//! Lambda's asynchronous invocations (`Event`): they wait in a queue of their own, apart from those that somebody waits for.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use crate::lambda::{ByHand, Callable, InvokeError};

/// How many KiB of events may wait. Each takes one KiB at least, so that this limits how many there are, too.
const WAITING_KIB: usize = 64 * 1024;

/// How many run at the same time: a tenth of Lambda's concurrency, so that they never take it all from the messages of clients.
const AT_ONCE: usize = 100;

/// The queue of all functions.
#[derive(Debug)]
pub(crate) struct Asynchronous {
    room: Arc<Semaphore>,
    turns: Semaphore,
}

/// An event in the queue. It takes room until it is dropped.
#[derive(Debug)]
pub(crate) struct Queued {
    event: Bytes,
    _room: OwnedSemaphorePermit,
}

impl Asynchronous {
    pub(crate) fn new() -> Self {
        Self { room: Arc::new(Semaphore::new(WAITING_KIB)), turns: Semaphore::new(AT_ONCE) }
    }

    /// Puts an event into the queue; `None` if the queue is full.
    pub(crate) fn queue(&self, event: Bytes) -> Option<Queued> {
        let size = u32::try_from(event.len() / 1024 + 1).ok()?;
        let room = Arc::clone(&self.room).try_acquire_many_owned(size).ok()?;
        Some(Queued { event, _room: room })
    }

    /// Invokes a function with a queued event when its turn comes, and when its concurrency allows it. On AWS, too, such an invocation is not
    /// throttled but tried again. What waits when the gateway stops fails.
    pub(crate) async fn invoke(
        &self,
        function: &Callable,
        queued: Queued,
        by_hand: &ByHand,
        stopping: &CancellationToken,
    ) -> Result<Bytes, InvokeError> {
        let turn = stopping.run_until_cancelled(self.turns.acquire()).await;
        let _turn = turn.ok_or(InvokeError::ShuttingDown)?;
        function.invoke_when_allowed(queued.event, by_hand).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_queue_has_an_end() {
        let queue = Asynchronous::new();
        let large = || queue.queue(vec![0; 6 * 1024 * 1024].into());
        let mut queued: Vec<_> = std::iter::from_fn(large).collect();
        assert_eq!(queued.len(), 10);
        queued.pop();
        assert!(large().is_some());
        drop(queued);
        let small = std::iter::from_fn(|| queue.queue("{}".into())).collect::<Vec<_>>();
        assert_eq!(small.len(), 64 * 1024);
    }
}
