//! How many files this process may have open: every connection is one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// As much as macOS lets a process have, where it says that there is no limit.
const UNLIMITED: u64 = 10_240;

/// Raises the limit as far as the system allows without asking anybody. Shells begin with one that is made for programs with few files,
/// mostly 1,024. Functions get another: see the start of their processes.
pub(crate) fn allow_as_many_as_possible() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(UNLIMITED);
    if current.is_some_and(|current| current < most)
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum })
    {
        tracing::debug!("the limit of open files stays {current:?}: {error}");
    }
}
