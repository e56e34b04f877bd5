use std::io;
use std::path::{Path, PathBuf};

use super::SampleEvent;

/// Why sample events can't be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SampleError {
    /// A file or folder can't be read.
    #[error("{} can't be read: {source}", .path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A folder does not contain an event.
    #[error("there is no file *.json in {} and the folders in it", .folder.display())]
    NoneIn {
        /// Its path.
        folder: PathBuf,
    },
    /// A file does not contain valid JSON.
    #[error("{}:{line}:{column}: this is not JSON: {message}", .path.display())]
    NotJson {
        /// Its path.
        path: PathBuf,
        /// The line of the error, counted from 1.
        line: usize,
        /// The column of the error in bytes, counted from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
}

impl SampleError {
    pub(super) fn not_json(path: PathBuf, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // serde_json puts the place at the end of its message; here it is at the beginning.
        let message = text.rsplit_once(" at line ").map_or(&*text, |(message, _)| message).to_owned();
        // The column is 0 if the text ends with a newline.
        Self::NotJson { path, line: error.line(), column: error.column().max(1), message }
    }
}

impl SampleEvent {
    /// Reads one event from a file.
    ///
    /// # Errors
    /// See [`SampleError`].
    pub fn read(path: &Path) -> Result<Self, SampleError> {
        let json = std::fs::read(path).map_err(unreadable(path))?;
        Self::parse(path, json)
    }

    /// Reads events from files, and from all files `*.json` in folders and the folders in them. They are sorted as by [`SampleEvent::sort`].
    ///
    /// # Errors
    /// See [`SampleError`]. If one file can't be read, no events are returned.
    pub fn read_all(paths: &[PathBuf]) -> Result<Vec<Self>, SampleError> {
        let mut files = Vec::new();
        for path in paths {
            if path.is_dir() {
                let before = files.len();
                collect(path, &mut files)?;
                if files.len() == before {
                    return Err(SampleError::NoneIn { folder: path.clone() });
                }
            } else {
                files.push(path.clone());
            }
        }
        let mut events = files.iter().map(|file| Self::read(file)).collect::<Result<Vec<_>, _>>()?;
        Self::sort(&mut events);
        Ok(events)
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), SampleError> {
    for entry in std::fs::read_dir(folder).map_err(unreadable(folder))? {
        let entry = entry.map_err(unreadable(folder))?;
        let path = entry.path();
        // A symbolic link to a folder is not followed, because it could lead in a circle.
        if entry.file_type().map_err(unreadable(&path))?.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> SampleError {
    let path = path.to_owned();
    |source| SampleError::Unreadable { path, source }
}
