//! The system tells what has changed: inotify.

use std::path::PathBuf;

use notify::event::ModifyKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::WatchError;

/// Changes are told as long as this lives.
#[derive(Debug)]
pub(in crate::gateway) struct Watch(RecommendedWatcher);

impl Watch {
    /// Tells `changed` of every path that changes. Nothing is watched yet.
    pub(in crate::gateway) fn new(changed: impl Fn(PathBuf) + Send + 'static) -> Result<Self, WatchError> {
        let watcher = notify::recommended_watcher(move |event| what_changed(event).into_iter().for_each(&changed));
        watcher.map(Self).map_err(error)
    }

    /// Watches these directories, if they are there. Those that were watched before are watched on.
    pub(in crate::gateway) fn follow(
        &mut self,
        directories: impl IntoIterator<Item = PathBuf>,
    ) -> Result<(), WatchError> {
        for directory in directories {
            // Also those that are watched already: one that was removed and created again is not watched any more.
            match self.0.watch(&directory, RecursiveMode::NonRecursive) {
                Err(_) if !directory.exists() => {}
                watched => watched.map_err(error)?,
            }
        }
        Ok(())
    }
}

fn error(error: notify::Error) -> WatchError {
    WatchError(std::io::Error::other(error))
}

/// The paths whose content has changed. Events about reading and about permissions are ignored.
fn what_changed(event: notify::Result<notify::Event>) -> Vec<PathBuf> {
    match event {
        Ok(event) if matches!(event.kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_))) => {
            Vec::new()
        }
        Ok(event) => event.paths,
        Err(error) => {
            tracing::warn!("a change of the sources may have been missed: {error}; save a source again to reload");
            Vec::new()
        }
    }
}
