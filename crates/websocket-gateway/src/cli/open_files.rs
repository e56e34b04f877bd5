//! How many files this process may have open. Every connection takes one.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What macOS allows a process where it reports no limit.
const UNLIMITED: u64 = 10_240;

/// Raises the limit as far as the system allows without privileges. Shells start programs with a limit that suits few open files, mostly
/// 1,024. Functions get a limit of their own: see `lambda/instance/descriptors.rs`.
pub(crate) fn allow_as_many_as_possible() {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let most = maximum.unwrap_or(UNLIMITED);
    if current.is_some_and(|current| current < most)
        && let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum })
    {
        tracing::debug!("the limit of open files stays {current:?}: {error}");
    }
}
