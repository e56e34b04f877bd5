//! How many clients there is room for. Each takes one of the files that the system lets this process open. So do functions' processes and their
//! calls: without files for them, no `$disconnect` would run.

use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many files are kept for everything but clients; at most half of all files.
const FOR_ALL_ELSE: usize = 512;

/// The places that are left.
#[derive(Debug)]
pub(crate) struct Places(Arc<Semaphore>);

/// A client's place. It is free again when this is dropped.
pub(crate) type Place = OwnedSemaphorePermit;

impl Places {
    /// As many places as this process may open files, less those that are kept.
    pub(crate) fn as_the_system_allows() -> Self {
        let files = getrlimit(Resource::Nofile).current.and_then(|files| files.try_into().ok());
        let files = files.unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Semaphore::new(files - FOR_ALL_ELSE.min(files / 2))))
    }

    /// Takes a place; `None` if all are taken.
    pub(crate) fn take(&self) -> Option<Place> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }
}
