//! The turns of those who wait for the same thread.

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::task::yield_now;

/// How many calls of `@connections` are worked on at the same time.
const AT_ONCE: usize = 4;

/// Lets the calls of a broadcast work one after the other, so that a message does not wait behind all of them.
///
/// A function that posts to many connections keeps dozens of calls under way. Were each served as soon as it has arrived, all of them would stand
/// before whatever arrives next: a client's message, and the function's answer to it. Those who wait for a turn stand in a queue of their own.
#[derive(Debug)]
pub(crate) struct Turns(Semaphore);

impl Turns {
    pub(crate) fn new() -> Self {
        Self(Semaphore::new(AT_ONCE))
    }

    /// Waits for a turn. It ends when the permit is dropped.
    pub(crate) async fn take(&self) -> Option<SemaphorePermit<'_>> {
        if let Ok(turn) = self.0.try_acquire() {
            // The work needs no pause, so without one nobody would ever find a turn taken.
            yield_now().await;
            return Some(turn);
        }
        // The semaphore is never closed.
        self.0.acquire().await.ok()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio_util::task::TaskTracker;

    use super::*;

    const CALLS: usize = 64;

    /// What a task does between two of its waits can't be interrupted, so the order is always the same.
    #[tokio::test]
    async fn a_message_does_not_wait_behind_a_broadcast() {
        let (turns, order) = (Arc::new(Turns::new()), Arc::new(Mutex::new(Vec::new())));
        let tasks = TaskTracker::new();
        for _ in 0..CALLS {
            let (turns, order) = (Arc::clone(&turns), Arc::clone(&order));
            tasks.spawn(async move {
                let _turn = turns.take().await;
                order.lock().unwrap().push("call");
            });
        }
        let message = Arc::clone(&order);
        tasks.spawn(async move { message.lock().unwrap().push("message") });
        tasks.close();
        tasks.wait().await;
        let order = order.lock().unwrap();
        let before_message = order.iter().position(|done| *done == "message").unwrap();
        assert!(before_message <= AT_ONCE, "{before_message}");
        assert_eq!(order.len(), CALLS + 1);
    }
}
