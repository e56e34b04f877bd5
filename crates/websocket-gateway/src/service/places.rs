//! How many connections there is room for. Each takes one of the files that the system lets this process open. So do functions' processes and
//! their calls: without files for them, no `$disconnect` would run.

use std::sync::Arc;

use rustix::process::{Resource, getrlimit};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many files are kept for everything but clients; at most half of all files.
const FOR_ALL_ELSE: usize = 512;

/// The places that are left.
#[derive(Debug)]
pub(crate) struct Places {
    clients: Arc<Semaphore>,
    /// For functions' posts, and for the answer that no client finds room. Half of what is kept; the rest is for the functions' processes.
    reserve: Arc<Semaphore>,
}

/// The place of a connection. It is free again when the last clone is dropped.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    is_for_client: bool,
    _permit: Arc<OwnedSemaphorePermit>,
}

impl Places {
    /// As many places as this process may open files, less those that are kept.
    pub(crate) fn as_the_system_allows() -> Self {
        let files = getrlimit(Resource::Nofile).current.and_then(|files| files.try_into().ok());
        let files = files.unwrap_or(Semaphore::MAX_PERMITS).min(Semaphore::MAX_PERMITS);
        let kept = FOR_ALL_ELSE.min(files / 2);
        Self { clients: Arc::new(Semaphore::new(files - kept)), reserve: Arc::new(Semaphore::new(kept / 2)) }
    }

    /// Takes a place; `None` if all are taken, and those of the reserve, too.
    pub(crate) fn take(&self) -> Option<Place> {
        let place = |places: &Arc<Semaphore>, is_for_client| {
            let permit = Arc::clone(places).try_acquire_owned().ok()?;
            Some(Place { is_for_client, _permit: Arc::new(permit) })
        };
        place(&self.clients, true).or_else(|| place(&self.reserve, false))
    }
}

impl Place {
    /// Whether a client may stay here, or only ask for something and leave.
    pub(crate) fn is_for_client(&self) -> bool {
        self.is_for_client
    }
}
