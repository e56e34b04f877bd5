//! Zip archives, as they are uploaded to Lambda.

use std::fs::{self, File};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::BufReader;
use std::path::{Path, PathBuf};

use zip::ZipArchive;
use zip::result::ZipError;

use super::scratch::Scratch;
use crate::api::limits::UNZIPPED_BYTES;

/// The directory with the files of an archive, which are unpacked anew only when the archive has changed.
///
/// # Errors
/// Why it can't be unpacked.
pub(super) fn unpacked(archive: &Path, scratch: &Scratch) -> Result<PathBuf, String> {
    let wrong = |why: String| format!("can't unpack {}: {why}", archive.display());
    let found = archive.metadata().map_err(|error| wrong(error.to_string()))?;
    let mut version = DefaultHasher::new();
    (archive, found.len(), found.modified().ok()).hash(&mut version);
    let target = scratch.directory()?.join(format!("zip-{:016x}", version.finish()));
    if !target.is_dir() {
        // Under another name first, so that half an archive is never taken for a whole one.
        let partial = target.with_extension("partial");
        unpack(archive, &partial).map_err(|error| wrong(error.to_string()))?;
        fs::rename(&partial, &target).map_err(|error| wrong(error.to_string()))?;
    }
    Ok(target)
}

fn unpack(archive: &Path, target: &Path) -> Result<(), ZipError> {
    let mut archive = ZipArchive::new(BufReader::new(File::open(archive)?))?;
    if archive.decompressed_size().is_none_or(|bytes| bytes > UNZIPPED_BYTES) {
        return Err(ZipError::InvalidArchive("its files have more than the 250 MB that Lambda allows".into()));
    }
    // Files stay inside of the target, whatever their names say.
    archive.extract(target)
}
