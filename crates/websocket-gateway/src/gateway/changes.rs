//! Watches the template and the functions' sources for changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, timeout_at};

use super::Gateway;
use super::watch::{Watch, WatchError};
use crate::lambda::Sources;
use crate::service::Service;

/// How long no further change must come before a change is reported. Editors write a file in several steps, and people save several files
/// at once.
const QUIET: Duration = Duration::from_millis(100);

/// How long a change waits for others at most.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// How many paths wait while a build runs. If more change, which of them matter is not known any more, and everything is read again.
const WAITING_PATHS: usize = 1024;

/// Changes of the template and of the functions' sources, from [`Gateway::changes`].
#[derive(Debug)]
#[must_use = "changes are watched only as long as this lives"]
pub struct Changes {
    service: Arc<Service>,
    template: PathBuf,
    sources: Sources,
    /// A file that had changed before it was watched.
    earlier: Option<PathBuf>,
    watch: Watch,
    changed: mpsc::Receiver<PathBuf>,
    /// Whether more paths have changed than could wait.
    has_missed: Arc<AtomicBool>,
}

impl Gateway {
    /// Watches the template and the functions' sources: the files `*.rs` and `*.toml` in the crates of the functions that the gateway builds,
    /// and in the crates that these depend on by path; and code in the folders of the functions that run as they are. A file that has changed after `since` counts as a change, too, because it may have been
    /// edited while the first build was running.
    ///
    /// # Errors
    /// If the operating system does not let files be watched.
    pub async fn changes(&self, since: SystemTime) -> Result<Changes, WatchError> {
        let (sender, changed) = mpsc::channel(WAITING_PATHS);
        let has_missed = Arc::new(AtomicBool::new(false));
        let missed = Arc::clone(&has_missed);
        let watch = Watch::new(move |path| {
            // If the receiver has been dropped, changes don't matter any more.
            if let Err(TrySendError::Full(_)) = sender.try_send(path) {
                missed.store(true, Ordering::Relaxed);
            }
        })?;
        let template = self.template().canonicalize().unwrap_or_else(|_| self.template().to_owned());
        let mut changes = Changes {
            service: Arc::clone(&self.service),
            template,
            sources: Sources::default(),
            earlier: None,
            watch,
            changed,
            has_missed,
        };
        changes.follow().await?;
        changes.earlier = changes.changed_since(since);
        Ok(changes)
    }
}

impl Changes {
    /// Waits for the next change, and until no more files change. Returns the first file that has changed, or `None` if the operating
    /// system has stopped reporting changes.
    ///
    /// # Errors
    /// If the operating system does not let new directories be watched.
    pub async fn next(&mut self) -> Result<Option<PathBuf>, WatchError> {
        self.follow().await?;
        let mut path = match self.earlier.take() {
            Some(path) => path,
            None => loop {
                match self.changed.recv().await {
                    // As if the template had changed, because something may have.
                    Some(_) if self.has_missed.swap(false, Ordering::Relaxed) => break self.template.clone(),
                    Some(path) if self.concerns(&path) => break path,
                    Some(_) => {}
                    None => return Ok(None),
                }
            },
        };
        let latest = Instant::now() + LONGEST_WAIT;
        let mut quiet = Instant::now() + QUIET;
        while let Ok(Some(later)) = timeout_at(quiet.min(latest), self.changed.recv()).await {
            // A file that does not matter, such as a log beside the template, may change all the time.
            if self.concerns(&later) {
                quiet = Instant::now() + QUIET;
                // Many editors write a temporary file first and then rename it.
                if !path.exists() {
                    path = later;
                }
            }
        }
        // Before the caller reads the sources, so that later changes are seen.
        self.follow().await?;
        Ok(Some(path))
    }

    /// Watches all directories that matter now. Each of them is watched by itself, because cargo's target directory may be among them and must
    /// not be watched.
    async fn follow(&mut self) -> Result<(), WatchError> {
        let deployment = self.service.deployment();
        if deployment.functions.processes().is_some()
            && let Err(error) = self.sources.refresh(deployment.api.functions.values()).await
        {
            // The build has shown the same error to the user. The manifest is watched already, so that it is read again after its next change.
            tracing::debug!("{error}");
        }
        let of_template = self.template.parent().map(Path::to_owned);
        self.watch.follow(self.sources.directories().into_iter().chain(of_template))
    }

    /// Whether a path is the template or a source.
    fn concerns(&self, path: &Path) -> bool {
        *path == *self.template || self.sources.concern(path)
    }

    /// A watched file that has changed after `since`.
    fn changed_since(&self, since: SystemTime) -> Option<PathBuf> {
        let files = self.sources.directories().into_iter().filter_map(|directory| std::fs::read_dir(directory).ok());
        let files = files.flatten().flatten().map(|entry| entry.path()).filter(|path| path.is_file());
        let files = files.chain([self.template.clone()]);
        let changed =
            |path: &PathBuf| std::fs::metadata(path).and_then(|file| file.modified()).is_ok_and(|at| at > since);
        // The first build creates the lock file.
        files.filter(|path| self.concerns(path) && !path.ends_with("Cargo.lock")).find(changed)
    }
}
