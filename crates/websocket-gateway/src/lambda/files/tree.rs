//! The files of a function, as far as a change of them changes the function.

use std::ffi::OsStr;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The extensions of code, and of what code is made from. Other files may be logs, data and recordings.
const EXTENSIONS: [&str; 18] = [
    "c", "cc", "cjs", "cpp", "cts", "go", "h", "js", "jsx", "mjs", "mts", "node", "py", "rs", "so", "ts", "tsx", "wasm",
];

const NAMES: [&str; 4] = ["bootstrap", "go.mod", "package.json", "requirements.txt"];

/// How many files are looked at. More than that are not a function's own code.
const MOST: usize = 20_000;

/// Whether a file is code, by its name.
pub(in crate::lambda) fn is_code(path: &Path) -> bool {
    let is_among =
        |part: Option<&OsStr>, known: &[&str]| part.and_then(OsStr::to_str).is_some_and(|part| known.contains(&part));
    is_among(path.extension(), &EXTENSIONS) || is_among(path.file_name(), &NAMES)
}

/// Whether a folder may hold a function's own code, by its name: packages, caches and what a build makes are left out.
pub(in crate::lambda) fn may_hold_code(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    !name.starts_with('.') && !matches!(&*name, "node_modules" | "__pycache__" | "target" | "venv")
}

/// All code in a directory, in an order that stays the same.
pub(super) fn code_in(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let mut to_read = vec![directory.to_owned()];
    let files = std::iter::from_fn(move || {
        let folder = to_read.pop()?;
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let mut found: Vec<_> = entries.filter_map(|entry| Some((entry.path(), entry.file_type().ok()?))).collect();
        found.sort_unstable_by(|(one, _), (other, _)| one.cmp(other));
        // Symbolic links to folders are not followed, because they may lead in a circle.
        let (folders, files): (Vec<_>, Vec<_>) = found.into_iter().partition(|(_, kind)| kind.is_dir());
        to_read.extend(folders.into_iter().map(|(path, _)| path).filter(|path| may_hold_code(path)));
        Some(files.into_iter().map(|(path, _)| path).filter(|path| is_code(path)))
    });
    files.flatten().take(MOST)
}

/// A number that changes when the code in one of the directories does, or the executable.
pub(in crate::lambda) fn fingerprint<'p>(directories: impl IntoIterator<Item = &'p Path>, executable: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    for path in directories.into_iter().flat_map(code_in).chain([executable.to_owned()]) {
        let found = path.metadata().ok();
        (&path, found.as_ref().map(fs::Metadata::len), found.and_then(|file| file.modified().ok())).hash(&mut hasher);
    }
    hasher.finish()
}
