//! What `cargo metadata` says about the crate of a function.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::api::Function;

use super::{Binary, BuildError};

/// The crate of one or more functions.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) workspace_root: PathBuf,
    pub(super) target_directory: PathBuf,
    /// The directories of crates that it depends on by their paths, other than for its tests.
    pub(super) dependencies: Vec<PathBuf>,
    manifest: PathBuf,
    binaries: Vec<String>,
}

/// The parts of cargo's answer that matter here.
#[derive(Deserialize)]
struct Answer {
    packages: Vec<Package>,
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

#[derive(Deserialize)]
struct Package {
    manifest_path: PathBuf,
    targets: Vec<Target>,
    dependencies: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    kind: Option<String>,
    path: Option<PathBuf>,
}

/// A target, in the metadata and in cargo's messages alike.
#[derive(Deserialize)]
pub(super) struct Target {
    pub(super) name: String,
    kind: Vec<String>,
}

impl Target {
    pub(super) fn is_binary(&self) -> bool {
        self.kind.iter().any(|kind| kind == "bin")
    }
}

impl Metadata {
    /// Reads cargo's answer about the crate with this manifest. `None` if it is no such answer, or does not know the crate.
    pub(super) fn parse(answer: &[u8], manifest: &Path) -> Option<Self> {
        let Answer { packages, workspace_root, target_directory } = serde_json::from_slice(answer).ok()?;
        let manifest = manifest.canonicalize().ok()?;
        let is_this = |package: &Package| package.manifest_path.canonicalize().is_ok_and(|path| path == manifest);
        let package = packages.into_iter().find(is_this)?;
        let binaries = package.targets.into_iter().filter(Target::is_binary).map(|target| target.name);
        let built_in = package.dependencies.into_iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"));
        Some(Self {
            workspace_root,
            target_directory,
            dependencies: built_in.filter_map(|dependency| dependency.path).collect(),
            manifest: package.manifest_path,
            binaries: binaries.collect(),
        })
    }

    /// The binary that the template names, else the only one.
    pub(super) fn binary_of(&self, function: &Function, named: Option<&String>) -> Result<Binary, BuildError> {
        let name = match (named, self.binaries.as_slice()) {
            (Some(name), binaries) if binaries.contains(name) => name,
            (Some(name), binaries) => {
                return Err(BuildError::UnknownBinary {
                    function: function.logical_id.clone(),
                    defined_at: function.defined_at.clone(),
                    binary: name.clone(),
                    manifest: self.manifest.clone(),
                    binaries: binaries.to_vec(),
                });
            }
            (None, [only]) => only,
            (None, binaries) => {
                return Err(BuildError::NoBinaryNamed {
                    function: function.logical_id.clone(),
                    defined_at: function.defined_at.clone(),
                    manifest: self.manifest.clone(),
                    binaries: binaries.to_vec(),
                });
            }
        };
        Ok(Binary { manifest: self.manifest.clone(), name: name.clone() })
    }
}
