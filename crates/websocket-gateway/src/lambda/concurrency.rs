//! How many invocations may be in progress at the same time, as Lambda counts them.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::Notify;

use super::error::InvokeError;

/// The concurrency of one function, or the one that all functions of the account share.
///
/// An invocation that waits for an instance counts, too: on AWS it would have an instance already. So this is also the bound of the queues.
#[derive(Clone, Debug)]
pub(super) struct Concurrency {
    limit: usize,
    is_reserved: bool,
    count: Arc<Count>,
}

#[derive(Debug, Default)]
struct Count {
    in_progress: AtomicUsize,
    /// Wakes one who waits for an invocation to end.
    ended: Notify,
}

/// An invocation that is in progress until this is dropped.
#[derive(Debug)]
pub(super) struct InProgress(Arc<Count>);

impl Concurrency {
    /// What all functions without a concurrency of their own share.
    pub(super) fn of_account(limit: usize) -> Self {
        Self { limit, is_reserved: false, count: Arc::default() }
    }

    /// A function's `ReservedConcurrentExecutions`.
    pub(super) fn reserved(limit: usize) -> Self {
        Self { limit, is_reserved: true, count: Arc::default() }
    }

    /// The same function after a reload: what is in progress counts on.
    pub(super) fn with_limit(&self, limit: usize) -> Self {
        Self { limit, ..self.clone() }
    }

    pub(super) fn is_reserved(&self) -> bool {
        self.is_reserved
    }

    #[cfg(fuzzing)]
    pub(super) fn count(&self) -> usize {
        self.count.in_progress.load(Ordering::Relaxed)
    }

    /// Begins an invocation.
    ///
    /// # Errors
    /// [`InvokeError::Throttled`] if too many are in progress.
    pub(super) fn begin(&self) -> Result<InProgress, InvokeError> {
        let one_more = |count: usize| (count < self.limit).then_some(count + 1);
        match self.count.in_progress.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Ok(InProgress(Arc::clone(&self.count))),
            Err(_) => Err(InvokeError::Throttled { concurrency: self.limit, is_reserved: self.is_reserved }),
        }
    }

    /// Begins an invocation as soon as that is allowed.
    pub(super) async fn begin_when_allowed(&self) -> InProgress {
        loop {
            // Created before the attempt, so that an end between the two is not missed.
            let mut ended = pin!(self.count.ended.notified());
            ended.as_mut().enable();
            match self.begin() {
                Ok(in_progress) => return in_progress,
                Err(_) => ended.await,
            }
        }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.in_progress.fetch_sub(1, Ordering::Relaxed);
        self.0.ended.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_invocations_begin_as_are_allowed() {
        let concurrency = Concurrency::reserved(2);
        let first = concurrency.begin().unwrap();
        let _second = concurrency.begin().unwrap();
        let throttled = concurrency.begin().unwrap_err();
        assert!(matches!(throttled, InvokeError::Throttled { concurrency: 2, is_reserved: true }), "{throttled}");
        drop(first);
        concurrency.begin().unwrap();
    }

    #[tokio::test]
    async fn who_waits_begins_when_another_invocation_ends() {
        let concurrency = Concurrency::reserved(1);
        let running = concurrency.begin().unwrap();
        let mut waiting = pin!(concurrency.begin_when_allowed());
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        drop(running);
        let _running = waiting.await;
        concurrency.begin().unwrap_err();
    }

    #[test]
    fn what_is_in_progress_counts_after_a_reload() {
        let before = Concurrency::reserved(3);
        let running = [before.begin().unwrap(), before.begin().unwrap()];
        let after = before.with_limit(2);
        after.begin().unwrap_err();
        drop(running);
        after.begin().unwrap();
    }
}
