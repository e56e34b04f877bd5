//! What the functions are built from: the directories of their crates and of the crates that these depend on by path.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::api::{Code, Function};

use super::BuildError;
use super::workspaces::Workspaces;

/// The places where a change can make a new build of functions necessary.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// The directories of crates.
    pub(crate) crates: BTreeSet<PathBuf>,
    /// The manifests and lock files of their workspaces.
    pub(crate) files: BTreeSet<PathBuf>,
    /// Where cargo puts what it builds, which may be within a crate's directory.
    pub(crate) targets: BTreeSet<PathBuf>,
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
        *self = found;
        Ok(())
    }

    /// Every directory of the crates that can contain sources.
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

/// The directory of a function's crate, if the gateway builds the function.
fn crate_of(function: &Function) -> Option<(PathBuf, &Function)> {
    match &function.code {
        Code::Cargo { directory, .. } => {
            Some((directory.canonicalize().unwrap_or_else(|_| directory.clone()), function))
        }
        Code::NotHere { .. } => None,
    }
}

/// Asks cargo about the functions' crates, and then about the crates that they depend on.
async fn ask(functions: &BTreeMap<PathBuf, &Function>) -> Result<Sources, BuildError> {
    let mut workspaces = Workspaces::default();
    let mut sources = Sources { roots: functions.keys().cloned().collect(), ..Sources::default() };
    for (directory, function) in functions {
        let mut to_read = vec![directory.clone()];
        while let Some(directory) = to_read.pop() {
            if sources.crates.insert(directory.clone()) {
                let (workspace, package) = workspaces.find(function, &directory).await?;
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
