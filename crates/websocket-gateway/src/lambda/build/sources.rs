//! What the functions are made of: the directories of their crates and of the crates that these depend on by path, and the directories of
//! code that runs as it is.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::mem;
use std::path::{Path, PathBuf};

use crate::api::{Code, Files, Function};

use super::BuildError;
use super::workspaces::Workspaces;
use crate::lambda::files::{archives_of, directories_of, is_code, may_hold_code};

/// How many directories are watched at most. The system, too, has a limit.
const MOST_DIRECTORIES: usize = 4096;

/// The places where a change can make a new build of functions necessary.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The directories of crates.
    crates: BTreeSet<PathBuf>,
    /// The manifests and lock files of their workspaces.
    files: BTreeSet<PathBuf>,
    /// Where cargo puts what it builds, which may be within a crate's directory.
    targets: BTreeSet<PathBuf>,
    /// The directories of code that runs as it is.
    code: BTreeSet<PathBuf>,
    /// The archives of such code, and what notes that it was made anew.
    archives: BTreeSet<PathBuf>,
    /// The directories of the functions' crates, from which all the rest follows.
    roots: BTreeSet<PathBuf>,
    /// What the manifests said when cargo read them; `None` for a manifest that could not be read.
    manifests: BTreeMap<PathBuf, Option<Vec<u8>>>,
}

impl Sources {
    /// Updates the sources for these functions. Asks cargo only if the set of the functions' crates or one of the manifests has changed.
    ///
    /// # Errors
    /// If a manifest is not valid. The sources then stay as they were, and the next call asks again.
    pub(crate) async fn refresh(&mut self, functions: impl IntoIterator<Item = &Function>) -> Result<(), BuildError> {
        let functions: Vec<_> = functions.into_iter().collect();
        let files = || functions.iter().filter_map(|function| files_of(function));
        self.code = files().flat_map(directories_of).map(real).collect();
        self.archives = files().flat_map(archives_of).map(|path| real(&path)).collect();
        let functions: BTreeMap<_, _> = functions.into_iter().filter_map(crate_of).collect();
        let unchanged = |(path, text): (&PathBuf, &Option<Vec<u8>>)| std::fs::read(path).ok() == *text;
        if self.roots.iter().eq(functions.keys()) && self.manifests.iter().all(unchanged) {
            return Ok(());
        }
        // Read before cargo reads them, so that a manifest which changes in between differs at the next call.
        let mut before: BTreeMap<_, _> =
            self.manifests.keys().map(|path| (path.clone(), std::fs::read(path).ok())).collect();
        let mut found = ask(&functions).await?;
        let files = found.files.iter().filter(|file| file.ends_with("Cargo.toml")).cloned();
        let manifests = found.crates.iter().map(|directory| directory.join("Cargo.toml")).chain(files);
        found.manifests = manifests
            .map(|path| {
                let text = before.remove(&path).unwrap_or_else(|| std::fs::read(&path).ok());
                (path, text)
            })
            .collect();
        *self = Self { code: mem::take(&mut self.code), archives: mem::take(&mut self.archives), ..found };
        Ok(())
    }

    /// Every directory that can contain sources.
    pub(crate) fn directories(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut to_read: Vec<_> = self.crates.union(&self.code).cloned().collect();
        while let Some(directory) = to_read.pop() {
            if found.len() < MOST_DIRECTORIES {
                to_read.extend(folders(&directory).filter(|folder| self.may_hold_sources(folder)));
                found.push(directory);
            }
        }
        let files = self.files.union(&self.archives).filter_map(|file| file.parent());
        found.extend(files.map(Path::to_owned));
        found
    }

    /// Whether a path is a source. Other files in the same directories may be logs, data and recordings, even the gateway's own.
    pub(crate) fn concern(&self, path: &Path) -> bool {
        let is_in = |directories: &BTreeSet<PathBuf>| directories.iter().any(|directory| path.starts_with(directory));
        // A new directory may contain sources already.
        let is_rust = || matches!(path.extension().and_then(OsStr::to_str), Some("rs" | "toml")) || path.is_dir();
        let is_code = || is_code(path) || path.is_dir() && self.may_hold_sources(path);
        self.files.contains(path)
            || self.archives.contains(path)
            || is_rust() && is_in(&self.crates) && !is_in(&self.targets)
            || is_code() && is_in(&self.code) && !is_in(&self.targets)
    }

    fn may_hold_sources(&self, folder: &Path) -> bool {
        let is_hidden = folder.file_name().unwrap_or_default().as_encoded_bytes().starts_with(b".");
        // A module of a crate may have any name.
        let is_in_a_crate = || self.crates.iter().any(|directory| folder.starts_with(directory));
        !is_hidden
            && !self.targets.contains(folder)
            && !self.crates.contains(folder)
            && (is_in_a_crate() || may_hold_code(folder))
    }
}

/// The directory of a function's crate, if the gateway builds the function.
fn crate_of(function: &Function) -> Option<(PathBuf, &Function)> {
    match &function.code {
        Code::Cargo { directory, .. } => Some((real(directory), function)),
        Code::Files(_) | Code::NotHere { .. } => None,
    }
}

/// The files of a function that run as they are.
fn files_of(function: &Function) -> Option<&Files> {
    match &function.code {
        Code::Files(files) => Some(files),
        Code::Cargo { .. } | Code::NotHere { .. } => None,
    }
}

/// A path without symbolic links, if it exists.
fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Asks cargo about the functions' crates, and then about the crates that they depend on.
async fn ask(functions: &BTreeMap<PathBuf, &Function>) -> Result<Sources, BuildError> {
    let mut workspaces = Workspaces::default();
    let mut sources = Sources { roots: functions.keys().cloned().collect(), ..Sources::default() };
    for (directory, function) in functions {
        let mut to_read = vec![directory.clone()];
        while let Some(directory) = to_read.pop() {
            if sources.crates.insert(directory.clone()) {
                let (workspace, package) = workspaces.find(function, &directory, function.binary()).await?;
                sources.files.extend(["Cargo.toml", "Cargo.lock"].map(|name| workspace.root.join(name)));
                sources.targets.insert(workspace.target_directory.clone());
                to_read.extend(package.path_dependencies().map(Path::to_owned));
            }
        }
    }
    Ok(sources)
}

/// The folders in a directory; none if it can't be read. Symbolic links are not followed, because they may lead in a circle.
fn folders(directory: &Path) -> impl Iterator<Item = PathBuf> {
    let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir())).map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::lambda::tests::build::Project;

    fn names(sources: &Sources) -> Vec<&str> {
        sources.crates.iter().map(|directory| directory.file_name().unwrap().to_str().unwrap()).collect()
    }

    #[tokio::test]
    async fn a_new_path_dependency_is_found_when_its_manifest_names_it() {
        let project = Project::new("sources");
        project.package("one", &["one"]);
        project.package_of_its_own("../sources_outside", &["outside"]);
        let functions = [project.function("one", None)];
        let mut sources = Sources::default();
        sources.refresh(&functions).await.unwrap();
        assert_eq!(names(&sources), ["one"]);

        let manifest = project.0.join("one/Cargo.toml");
        let valid = fs::read_to_string(&manifest).unwrap();
        fs::write(&manifest, "not toml").unwrap();
        sources.refresh(&functions).await.unwrap_err();
        assert_eq!(names(&sources), ["one"]);

        let dependency = "[dependencies]\nalone = { path = '../../sources_outside' }\n";
        fs::write(&manifest, format!("{valid}{dependency}")).unwrap();
        sources.refresh(&functions).await.unwrap();
        assert_eq!(names(&sources), ["one", "sources_outside"]);
    }
}
