//! The id of an instance.

use std::sync::atomic::{AtomicU64, Ordering};

/// The id of an instance. No two instances of this program have the same.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct InstanceId(u64);

impl InstanceId {
    pub(super) fn next() -> Self {
        static LATEST: AtomicU64 = AtomicU64::new(0);
        Self(LATEST.fetch_add(1, Ordering::Relaxed))
    }
}
