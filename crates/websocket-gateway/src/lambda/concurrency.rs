//! How many invocations may be in progress at the same time, as Lambda counts them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::error::InvokeError;

/// The concurrency of one function, or the one that all functions of the account share.
///
/// An invocation that waits for an instance counts, too: on AWS it would have an instance already. So this is also the bound of the queues.
#[derive(Clone, Debug)]
pub(super) struct Concurrency {
    limit: usize,
    is_reserved: bool,
    in_progress: Arc<AtomicUsize>,
}

/// An invocation that is in progress until this is dropped.
#[derive(Debug)]
pub(super) struct InProgress(Arc<AtomicUsize>);

impl Concurrency {
    /// What all functions without a concurrency of their own share.
    pub(super) fn of_account(limit: usize) -> Self {
        Self { limit, is_reserved: false, in_progress: Arc::default() }
    }

    /// A function's `ReservedConcurrentExecutions`.
    pub(super) fn reserved(limit: usize) -> Self {
        Self { limit, is_reserved: true, in_progress: Arc::default() }
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
        self.in_progress.load(Ordering::Relaxed)
    }

    /// Begins an invocation.
    ///
    /// # Errors
    /// [`InvokeError::Throttled`] if too many are in progress.
    pub(super) fn begin(&self) -> Result<InProgress, InvokeError> {
        let one_more = |count: usize| (count < self.limit).then_some(count + 1);
        match self.in_progress.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_more) {
            Ok(_) => Ok(InProgress(Arc::clone(&self.in_progress))),
            Err(_) => Err(InvokeError::Throttled { concurrency: self.limit, is_reserved: self.is_reserved }),
        }
    }
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
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
