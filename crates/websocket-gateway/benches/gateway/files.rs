//! How many files a process may have open, which limits its connections.

use rustix::process::{Resource, getrlimit, setrlimit};

/// The files that the gateway keeps for everything except clients. This process needs fewer.
const FOR_ALL_ELSE: usize = 512;

/// Raises this process's own limit as far as the system lets it.
pub(crate) fn allow_as_many_as_possible() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Connections that do not fit show in the figures.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// Returns how many of the wanted connections a gateway can have.
pub(crate) fn connections_possible(asked: usize) -> usize {
    let Some(limit) = getrlimit(Resource::Nofile).maximum.and_then(|limit| usize::try_from(limit).ok()) else {
        return asked;
    };
    let possible = asked.min(limit.saturating_sub(FOR_ALL_ELSE));
    if possible < asked {
        println!("{asked} connections asked, {possible} possible: this system lets a process open {limit} files");
    }
    possible
}
