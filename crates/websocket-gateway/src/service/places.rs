//! Room for clients. Each takes one of the files that the system lets this process open; so do functions' processes and their calls, without
//! which no `$disconnect` would run.

use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many files clients leave to everything else; of few files, a half.
const FOR_ALL_ELSE: usize = 512;

/// How many clients may still come.
#[derive(Debug)]
pub(crate) struct Places(Arc<Semaphore>);

/// A client's place, for as long as this lives.
pub(crate) type Place = OwnedSemaphorePermit;

impl Places {
    /// As many as this process may open files.
    pub(crate) fn as_the_system_allows() -> Self {
        let files = getrlimit(Resource::Nofile).current.and_then(|files| files.try_into().ok());
        let files = files.unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Semaphore::new(files - FOR_ALL_ELSE.min(files / 2))))
    }

    /// `None` if there is no more room.
    pub(crate) fn take(&self) -> Option<Place> {
        Arc::clone(&self.0).try_acquire_owned().ok()
    }
}
