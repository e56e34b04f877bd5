//! What a function is built from: the directories of its crate and of the crates that it depends on by their paths.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::api::{Code, Function};

use super::metadata::Metadata;
use super::{BuildError, cargo};

/// The places where a change can make functions be built anew.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    /// The directories of crates.
    pub(crate) crates: BTreeSet<PathBuf>,
    /// The manifests and lock files of their workspaces.
    pub(crate) files: BTreeSet<PathBuf>,
    /// Where cargo puts what it builds, which may be within a crate's directory.
    pub(crate) targets: BTreeSet<PathBuf>,
}

/// Asks cargo where the functions come from.
///
/// # Errors
///
/// If a manifest can't be read.
pub(crate) async fn sources(functions: impl IntoIterator<Item = &Function>) -> Result<Sources, BuildError> {
    let mut sources = Sources::default();
    for function in functions {
        let Code::Cargo { directory, .. } = &function.code else { continue };
        let mut to_read = vec![directory.canonicalize().unwrap_or_else(|_| directory.clone())];
        while let Some(directory) = to_read.pop() {
            if sources.crates.insert(directory.clone()) {
                to_read.extend(sources.add(cargo::metadata(function, &directory).await?));
            }
        }
    }
    Ok(sources)
}

impl Sources {
    /// The workspace of a crate; gives the directories that the crate depends on.
    fn add(&mut self, metadata: Metadata) -> Vec<PathBuf> {
        self.files.extend(["Cargo.toml", "Cargo.lock"].map(|name| metadata.workspace_root.join(name)));
        self.targets.insert(metadata.target_directory);
        metadata.dependencies
    }

    /// Every directory of the crates in which sources can be.
    pub(crate) fn directories(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut to_read: Vec<_> = self.crates.iter().cloned().collect();
        while let Some(directory) = to_read.pop() {
            to_read.extend(folders(&directory).filter(|folder| self.may_hold_sources(folder)));
            found.push(directory);
        }
        found
    }

    fn may_hold_sources(&self, folder: &Path) -> bool {
        let name = folder.file_name().unwrap_or_default().as_encoded_bytes();
        !name.starts_with(b".") && !self.targets.contains(folder) && !self.crates.contains(folder)
    }
}

/// What can't be read has none. Links are not followed: they may lead in a circle.
fn folders(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path())
}
