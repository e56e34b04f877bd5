//! Watching the template and the functions' sources for changes.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use notify::event::ModifyKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::time::timeout;

use super::Gateway;
use crate::lambda::{Sources, sources};
use crate::service::Service;

/// How long nothing must change before a change is reported: editors write a file in several steps, and a person saves several files.
const QUIET: Duration = Duration::from_millis(100);

/// Why changes can't be seen.
#[derive(Debug, thiserror::Error)]
#[error("can't watch the template and the sources for changes: {0}")]
pub struct WatchError(notify::Error);

/// What changes in the template and in the sources of the functions, from [`Gateway::changes`].
#[derive(Debug)]
pub struct Changes {
    service: Arc<Service>,
    template: PathBuf,
    sources: Sources,
    /// What changed before anybody watched.
    earlier: Option<PathBuf>,
    watcher: RecommendedWatcher,
    changed: UnboundedReceiver<PathBuf>,
}

impl Gateway {
    /// Watches the template and the sources of the functions: the `*.rs` and `*.toml` of the crates of those that are built here, and of the
    /// crates that they depend on by their paths. What has changed since `since` counts too: one may edit a file while the first build still runs.
    ///
    /// # Errors
    /// If the operating system does not allow it.
    pub async fn changes(&self, since: SystemTime) -> Result<Changes, WatchError> {
        let (sender, changed) = mpsc::unbounded_channel();
        let watcher = notify::recommended_watcher(move |event| {
            for path in what_changed(event) {
                // A receiver that is gone needs no change.
                let _ = sender.send(path);
            }
        });
        let template = self.template().canonicalize().unwrap_or_else(|_| self.template().to_owned());
        let mut changes = Changes {
            service: Arc::clone(&self.service),
            template,
            sources: Sources::default(),
            earlier: None,
            watcher: watcher.map_err(WatchError)?,
            changed,
        };
        changes.follow().await?;
        changes.earlier = changes.changed_since(since);
        Ok(changes)
    }
}

impl Changes {
    /// Waits for the next change, and until no more come; gives the first file of it. `None` never comes as long as the operating
    /// system reports changes.
    ///
    /// # Errors
    /// If the operating system does not let new directories be watched.
    pub async fn next(&mut self) -> Result<Option<PathBuf>, WatchError> {
        self.follow().await?;
        let mut path = match self.earlier.take() {
            Some(path) => path,
            None => loop {
                match self.changed.recv().await {
                    Some(path) if self.concerns(&path) => break path,
                    Some(_) => {}
                    None => return Ok(None),
                }
            },
        };
        while let Ok(Some(later)) = timeout(QUIET, self.changed.recv()).await {
            // Many editors write another file first and then rename it.
            if !path.exists() && self.concerns(&later) {
                path = later;
            }
        }
        // Before the caller looks at the sources, so that what is written from now on is seen.
        self.follow().await?;
        Ok(Some(path))
    }

    /// Watches whatever is there now. Each directory by itself: what cargo builds must not be watched, and may be among them.
    async fn follow(&mut self) -> Result<(), WatchError> {
        let deployment = self.service.deployment();
        if deployment.functions.processes().is_some() {
            // A manifest that can't be read now will change again.
            if let Ok(sources) = sources(deployment.api.functions.values()).await {
                self.sources = sources;
            }
        }
        let files = self.sources.files.iter().chain([&self.template]);
        let holding_files = files.filter_map(|file| file.parent()).map(Path::to_owned);
        for directory in self.sources.directories().into_iter().chain(holding_files) {
            // Again, too: a directory that was removed and made anew is another one, and forgotten.
            match self.watcher.watch(&directory, RecursiveMode::NonRecursive) {
                Err(_) if !directory.exists() => {}
                watched => watched.map_err(WatchError)?,
            }
        }
        Ok(())
    }

    /// Whether it is the template or a source. Other files in a crate's directory may be logs, data and recordings, also the gateway's own.
    fn concerns(&self, path: &Path) -> bool {
        // A new directory may have sources in it already.
        let is_source = || matches!(path.extension().and_then(OsStr::to_str), Some("rs" | "toml")) || path.is_dir();
        let is_in_a_crate = || self.sources.crates.iter().any(|directory| path.starts_with(directory));
        let is_built = || self.sources.targets.iter().any(|target| path.starts_with(target));
        *path == *self.template || self.sources.files.contains(path) || is_source() && is_in_a_crate() && !is_built()
    }

    fn changed_since(&self, since: SystemTime) -> Option<PathBuf> {
        let files = self.sources.directories().into_iter().filter_map(|directory| std::fs::read_dir(directory).ok());
        let files = files.flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_file());
        let files = files.chain([self.template.clone()]);
        let changed =
            |path: &PathBuf| std::fs::metadata(path).and_then(|file| file.modified()).is_ok_and(|at| at > since);
        // A first build writes a lock file by itself.
        files.filter(|path| self.concerns(path) && !path.ends_with("Cargo.lock")).find(changed)
    }
}

/// Files that are only read, or whose rights change, are the same as before.
fn what_changed(event: notify::Result<notify::Event>) -> Vec<PathBuf> {
    match event {
        Ok(event) if matches!(event.kind, EventKind::Access(_) | EventKind::Modify(ModifyKind::Metadata(_))) => {
            Vec::new()
        }
        Ok(event) => event.paths,
        Err(error) => {
            tracing::warn!("a change of the sources may have been missed: {error}");
            Vec::new()
        }
    }
}
