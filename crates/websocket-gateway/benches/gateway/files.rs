//! How many files a process may have open, and so how many connections.

use rustix::process::{Resource, getrlimit, setrlimit};

use crate::process::Process;

/// What a process may want besides its connections, beyond what it has open already.
const SPARE: usize = 100;

/// Raises this process's own limit as far as the system lets it.
pub(crate) fn allow_as_many_as_possible() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // The connections that do not fit are reported below.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// As many of the connections that are asked for as `server` can have, and this process too.
pub(crate) fn connections_possible(asked: usize, server: Process) -> usize {
    let Some(limit) = getrlimit(Resource::Nofile).maximum.and_then(|limit| usize::try_from(limit).ok()) else {
        return asked;
    };
    let taken = server.open_files().max(Process::this().open_files()) + SPARE;
    let possible = asked.min(limit.saturating_sub(taken));
    if possible < asked {
        println!("{asked} connections asked, {possible} possible: this system lets a process open {limit} files");
    }
    possible
}
