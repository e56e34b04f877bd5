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
        /// Which.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A folder has no event.
    #[error("there is no file *.json in {}, nor in its folders", .folder.display())]
    NoneIn {
        /// Which.
        folder: PathBuf,
    },
    /// A file is no JSON.
    #[error("{}:{line}:{column}: this is not JSON: {message}", .path.display())]
    NotJson {
        /// Which.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// In bytes, counted from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
}

impl SampleError {
    pub(super) fn not_json(path: PathBuf, error: &serde_json::Error) -> Self {
        let text = error.to_string();
        // The place stands before the message here.
        let message = text.rsplit_once(" at line ").map_or(&*text, |(message, _)| message).to_owned();
        // It says column 0 where the text ends with a line.
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

    /// Reads events, in the order of [`SampleEvent::sort`], from files and from folders with all that end in `.json` there and below.
    ///
    /// # Errors
    /// See [`SampleError`]; one bad file is enough.
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
        // This is no folder for a link to one, which could lead in a circle.
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
