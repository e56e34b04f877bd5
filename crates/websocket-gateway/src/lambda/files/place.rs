//! Where the files of a function are, as a directory.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::scratch::Scratch;
use super::{archive, tree};
use crate::api::{Files, Place, Runtime};

/// The directory with a function's files. Makes it if they are in an archive or in the template.
///
/// # Errors
/// Why there is none, and what to do.
pub(super) fn open(logical_id: &str, files: &Files, scratch: &Scratch) -> Result<PathBuf, String> {
    match &files.place {
        Place::Directory(directory) => existing(directory),
        Place::Archive(archive) => archive::unpacked(archive, scratch),
        Place::Inline(text) => {
            let extension = match files.runtime {
                Runtime::NodeJs { .. } => "js",
                Runtime::Python { .. } => "py",
                Runtime::Executable => return Err("an executable can't be inside the template".to_owned()),
            };
            // CloudFormation names the file so.
            let file = scratch.write(&format!("{logical_id}/index.{extension}"), text.as_bytes())?;
            Ok(file.parent().unwrap_or(&file).to_owned())
        }
        Place::SamBuild { output, sources } => built(output, sources),
    }
}

/// The directory's absolute path, because functions run in a directory of their own.
pub(super) fn existing(directory: &Path) -> Result<PathBuf, String> {
    match directory.canonicalize() {
        Ok(directory) if directory.is_dir() => Ok(directory),
        _ => Err(format!("there is no folder {}", directory.display())),
    }
}

/// What `sam build` has made, if it has made that since the sources changed.
pub(super) fn built(output: &Path, sources: &Path) -> Result<PathBuf, String> {
    let Ok(output) = existing(output) else {
        return Err(format!("what runs is made of {} by `sam build`; run that first", sources.display()));
    };
    let made = modified(&note_of(&output)).or_else(|| modified(&output));
    let is_newer = |path: &PathBuf| modified(path) > made;
    match tree::code_in(sources).find(is_newer) {
        Some(path) => Err(format!("{} has changed since `sam build`; run that again", path.display())),
        None => Ok(output),
    }
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|file| file.modified()).ok()
}

/// What every `sam build` writes, whatever it builds.
pub(super) fn note_of(output: &Path) -> PathBuf {
    output.with_file_name("template.yaml")
}

/// The directory whose changes change the function, if there is one.
pub(super) fn directory_of(files: &Files) -> Option<&Path> {
    match &files.place {
        Place::Directory(directory) | Place::SamBuild { sources: directory, .. } => Some(directory),
        Place::Archive(_) | Place::Inline(_) => None,
    }
}

/// The file whose change changes the function, if there is one.
pub(super) fn archive_of(files: &Files) -> Option<PathBuf> {
    match &files.place {
        Place::Archive(archive) => Some(archive.clone()),
        Place::SamBuild { output, .. } => Some(note_of(output)),
        Place::Directory(_) | Place::Inline(_) => None,
    }
}
