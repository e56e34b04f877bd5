//! Large requests: to read, check and hash them keeps a thread busy for long enough that clients notice.

use std::sync::Arc;

use tokio::sync::Semaphore;

use super::refusal::{Kind, Refusal};

/// A request with so many bytes is large.
pub(super) const LARGE: usize = 16 * 1024;

/// The way to work beside the threads that serve clients, on one request at a time.
#[derive(Debug)]
pub(super) struct Large {
    /// Of those in progress, with those that wait for their turn.
    places: Semaphore,
    /// Outlives a request whose caller has gone.
    pub(super) turn: Arc<Semaphore>,
}

impl Large {
    /// How many there may be. The last waits for some seconds at most.
    pub(super) const MOST: usize = 64;

    pub(super) fn new() -> Self {
        Self { places: Semaphore::new(Self::MOST), turn: Arc::new(Semaphore::new(1)) }
    }

    /// Does the work in its turn.
    ///
    /// # Errors
    /// Those of the work, and if too many wait already.
    pub(super) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let Ok(_place) = self.places.try_acquire() else {
            let why = format!("The gateway works on {} large requests already.", Self::MOST);
            return Err(Refusal::new(Kind::REQUEST_THROTTLED, why));
        };
        // The semaphore is never closed.
        let turn = Arc::clone(&self.turn).acquire_owned().await;
        let working = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            work()
        });
        let failed = |_| Err(Refusal::new(Kind::INTERNAL_FAILURE, "The gateway has failed: see its log."));
        working.await.unwrap_or_else(failed)
    }
}
