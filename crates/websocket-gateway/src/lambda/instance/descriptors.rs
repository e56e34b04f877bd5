//! Limits how many files a function can open.

use rustix::process::Pid;

/// How many files a function can have open on AWS.
/// Source: AWS Lambda developer guide, "Lambda quotas": file descriptors.
#[cfg(target_os = "linux")]
const FILES: u64 = 1024;

/// Gives a function's process the same limit as on AWS, so that a function which leaks files fails here, too. The process already runs at this
/// point and may have seen another limit. Only Linux can set the limit of another process.
#[cfg(target_os = "linux")]
pub(super) fn limit(process: Pid) {
    use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
    let files = getrlimit(Resource::Nofile).maximum.map_or(FILES, |maximum| maximum.min(FILES));
    let limit = Rlimit { current: Some(files), maximum: Some(files) };
    if let Err(error) = prlimit(Some(process), Resource::Nofile, limit) {
        // The process may have ended already.
        tracing::debug!("can't limit how many files a function opens: {error}");
    }
}

#[cfg(not(target_os = "linux"))]
pub(super) fn limit(_: Pid) {}
