//! How many files a function may have open.

use rustix::process::Pid;

/// Source: AWS Lambda developer guide, "Lambda quotas": file descriptors.
#[cfg(target_os = "linux")]
const FILES: u64 = 1024;

/// Gives a function's process Lambda's limit, so that one that forgets to close things fails here too. It has already begun by then, and may
/// have seen another limit. Only Linux can do this to another process.
#[cfg(target_os = "linux")]
pub(super) fn limit(process: Pid) {
    use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
    let files = getrlimit(Resource::Nofile).maximum.map_or(FILES, |maximum| maximum.min(FILES));
    let limit = Rlimit { current: Some(files), maximum: Some(files) };
    if let Err(error) = prlimit(Some(process), Resource::Nofile, limit) {
        // It may have ended already.
        tracing::debug!("a function's limit of open files can't be set: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn limit(_: Pid) {}
