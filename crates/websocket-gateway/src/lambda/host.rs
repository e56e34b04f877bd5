//! What all instances share.

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::concurrency::Concurrency;
use crate::api::limits::CONCURRENCY;
use crate::happenings::HappeningSender;

/// What all instances share, even those of different functions and deployments.
pub(super) struct Host {
    pub(super) happenings: HappeningSender,
    /// What the functions share that have no concurrency of their own.
    pub(super) concurrency: Concurrency,
    /// One task for each instance. It ends when the process is reaped.
    pub(super) instances: TaskTracker,
    /// Cancelled when every instance must end.
    pub(super) stop: CancellationToken,
}

impl Host {
    pub(super) fn new(happenings: HappeningSender) -> Self {
        Self {
            happenings,
            concurrency: Concurrency::of_account(CONCURRENCY),
            instances: TaskTracker::new(),
            stop: CancellationToken::new(),
        }
    }
}
