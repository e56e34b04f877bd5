//! What `cargo metadata` says about a workspace.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::api::Function;

use super::{Binary, BuildError};

/// A workspace with all its packages. A crate that belongs to no other workspace is a workspace with one package.
#[derive(Debug)]
pub(super) struct Workspace {
    pub(super) root: PathBuf,
    pub(super) target_directory: PathBuf,
    /// The packages by their directories, without symbolic links.
    packages: BTreeMap<PathBuf, Package>,
}

/// The parts of cargo's answer that matter here.
#[derive(Deserialize)]
struct Answer {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

/// One crate.
#[derive(Debug, Deserialize)]
pub(super) struct Package {
    manifest_path: PathBuf,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
}

#[derive(Debug, Deserialize)]
struct Dependency {
    kind: Option<String>,
    path: Option<PathBuf>,
}

/// A target of a package. The metadata and the messages of a build describe it in the same way.
#[derive(Debug, Deserialize)]
pub(super) struct Target {
    pub(super) name: String,
    kind: Vec<String>,
}

impl Target {
    pub(super) fn is_binary(&self) -> bool {
        self.kind.iter().any(|kind| kind == "bin")
    }
}

impl Workspace {
    /// Reads the output of `cargo metadata --no-deps`, which describes every package of the workspace.
    pub(super) fn parse(answer: &[u8]) -> serde_json::Result<Self> {
        let Answer { packages, workspace_root: root, target_directory } = serde_json::from_slice(answer)?;
        let directory = |package: &Package| package.manifest_path.parent().unwrap_or(&root).canonicalize();
        // A package whose directory has just been removed can't be asked for.
        let packages = packages.into_iter().filter_map(|package| Some((directory(&package).ok()?, package))).collect();
        Ok(Self { root, target_directory, packages })
    }

    /// The package in a directory, which must be a canonical path, or for the workspace's own directory the package with this binary.
    pub(super) fn package_for(&self, directory: &Path, binary: Option<&str>) -> Option<&Package> {
        self.packages.get(directory).or_else(|| {
            let binary = binary.filter(|_| self.root.canonicalize().is_ok_and(|root| root == directory))?;
            self.packages.values().find(|package| package.has_binary(binary))
        })
    }
}

impl Package {
    fn has_binary(&self, name: &str) -> bool {
        self.targets.iter().any(|target| target.is_binary() && target.name == name)
    }

    /// The directories of the crates that it depends on by path, except those that only its tests use.
    pub(super) fn path_dependencies(&self) -> impl Iterator<Item = &Path> {
        let built = self.dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"));
        built.filter_map(|dependency| dependency.path.as_deref())
    }

    /// The binary that the template names, or else the package's only binary.
    pub(super) fn binary_of(&self, function: &Function, named: Option<&String>) -> Result<Binary, BuildError> {
        let binaries: Vec<_> =
            self.targets.iter().filter(|target| target.is_binary()).map(|target| &target.name).collect();
        let listed = || binaries.iter().map(|name| name.to_string()).collect();
        let name = match (named, binaries.as_slice()) {
            (Some(name), binaries) if binaries.contains(&name) => name,
            (Some(name), _) => {
                return Err(BuildError::UnknownBinary {
                    function: function.logical_id.clone(),
                    defined_at: function.defined_at.clone(),
                    binary: name.clone(),
                    manifest: self.manifest_path.clone(),
                    binaries: listed(),
                });
            }
            (None, [only]) => only,
            (None, _) => {
                return Err(BuildError::NoBinaryNamed {
                    function: function.logical_id.clone(),
                    defined_at: function.defined_at.clone(),
                    manifest: self.manifest_path.clone(),
                    binaries: listed(),
                });
            }
        };
        Ok(Binary { manifest: self.manifest_path.clone(), name: name.clone() })
    }
}
