//! A directory for what has to be a file while the gateway runs.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// A directory that only this user can read. It is made when something is first written there, and removed when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Scratch(Mutex<Option<PathBuf>>);

impl Scratch {
    /// Writes a file, unless it is there with the same content, and returns its path.
    ///
    /// # Errors
    /// What went wrong, in words.
    pub(super) fn write(&self, name: &str, content: &[u8]) -> Result<PathBuf, String> {
        let path = self.directory()?.join(name);
        let write = || {
            if fs::read(&path).is_ok_and(|known| known == content) {
                return Ok(());
            }
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            fs::write(&path, content)
        };
        write().map_err(|error| format!("can't write {}: {error}", path.display()))?;
        Ok(path)
    }

    /// The directory itself.
    pub(super) fn directory(&self) -> Result<PathBuf, String> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(directory) = &*made {
            return Ok(directory.clone());
        }
        let directory = std::env::temp_dir().join(format!("websocket-gateway-{:016x}", rand::random::<u64>()));
        private(&directory).map_err(|error| format!("can't create {}: {error}", directory.display()))?;
        Ok(made.insert(directory).clone())
    }
}

fn private(directory: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(directory)
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let made = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(Err(error)) = made.take().map(fs::remove_dir_all) {
            tracing::debug!("can't remove a temporary directory: {error}");
        }
    }
}
