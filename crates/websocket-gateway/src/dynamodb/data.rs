//! Where the embedded DynamoDB keeps its data, and how it is opened.

use std::path::{Path, PathBuf};

use dynoxide::Database;

use super::EmbeddedError;
use crate::ids;

/// The embedded DynamoDB's data. It is opened again after a panic, because a panic leaves the open database locked for good.
pub(super) struct Data {
    /// A file, or a name that `SQLite` knows in this process only.
    name: String,
    /// `SQLite` forgets data in memory when the last that has it open closes it.
    _kept: Option<Database>,
}

impl Data {
    pub(super) fn in_memory() -> Result<Self, EmbeddedError> {
        // SQLite gives such data 1 GiB. A name of its own, because a process may contain several gateways.
        let name = format!("file:/{}?vfs=memdb", ids::uuid());
        let kept = open(&name)?;
        Ok(Self { name, _kept: Some(kept) })
    }

    pub(super) fn in_directory(directory: &Path) -> Result<Self, EmbeddedError> {
        std::fs::create_dir_all(directory)
            .map_err(|source| EmbeddedError::Directory { directory: directory.to_owned(), source })?;
        let file: PathBuf = directory.join("dynamodb.sqlite");
        Ok(Self { name: file.to_string_lossy().into_owned(), _kept: None })
    }

    pub(super) fn open(&self) -> Result<Database, EmbeddedError> {
        open(&self.name)
    }
}

fn open(name: &str) -> Result<Database, EmbeddedError> {
    Database::new(name).map_err(|error| EmbeddedError::Open(format!("{name}: {error}")))
}
