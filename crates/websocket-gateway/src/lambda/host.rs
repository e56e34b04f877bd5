//! What all functions share, also those of different deployments.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::instance_id::InstanceId;
use super::pool::Pool;
use crate::happenings::HappeningSender;

/// What all instances share.
pub(super) struct Host {
    /// `host:port` of the Runtime API.
    pub(super) runtime_api: String,
    pub(super) happenings: HappeningSender,
    /// One task an instance. It ends when the process is reaped.
    pub(super) instances: TaskTracker,
    /// Cancelled when every instance must end.
    pub(super) stop: CancellationToken,
    /// Whose instance it is that calls the Runtime API.
    pools: RwLock<HashMap<InstanceId, Arc<Pool>>>,
}

impl Host {
    pub(super) fn new(runtime_api: String, happenings: HappeningSender) -> Self {
        let (instances, stop) = (TaskTracker::new(), CancellationToken::new());
        Self { runtime_api, happenings, instances, stop, pools: RwLock::default() }
    }

    /// The pool of an instance that has started and not ended.
    pub(super) fn pool_of(&self, instance: InstanceId) -> Option<Arc<Pool>> {
        self.pools.read().unwrap_or_else(PoisonError::into_inner).get(&instance).cloned()
    }

    pub(super) fn add(&self, instance: InstanceId, pool: Arc<Pool>) {
        self.pools.write().unwrap_or_else(PoisonError::into_inner).insert(instance, pool);
    }

    pub(super) fn remove(&self, instance: InstanceId) {
        self.pools.write().unwrap_or_else(PoisonError::into_inner).remove(&instance);
    }
}
