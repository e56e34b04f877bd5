//! Which paths change in a set of directories, not in the directories within them.

#[cfg(target_os = "linux")]
mod notified;
#[cfg(any(test, not(target_os = "linux")))]
mod polled;

#[cfg(target_os = "linux")]
pub(super) use notified::Watch;
#[cfg(not(target_os = "linux"))]
pub(super) use polled::Watch;

/// The operating system does not let the gateway watch files.
#[derive(Debug, thiserror::Error)]
#[error("can't watch the template and the sources for changes: {0}")]
pub struct WatchError(std::io::Error);
