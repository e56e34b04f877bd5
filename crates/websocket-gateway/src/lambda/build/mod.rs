//! From a function in the template to its binary, with cargo.

mod cargo;
mod metadata;
mod sources;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use crate::api::{Code, Function};

use super::Program;
use metadata::Metadata;
pub(crate) use sources::{Sources, sources};

/// Why the functions could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Cargo itself could not be run.
    #[error("could not run {cargo}: {source}; install Rust from https://rustup.rs")]
    CargoMissing {
        /// The command that was tried.
        cargo: String,
        /// The operating system's answer.
        source: io::Error,
    },
    /// A function's directory is no crate.
    #[error(
        "{defined_at}: function {function}: there is no Cargo.toml in {}; point CodeUri (or Code) at the crate of the function",
        .directory.display()
    )]
    NoManifest {
        /// The function's logical id.
        function: String,
        /// Where the template defines it.
        defined_at: String,
        /// What should be the directory of its crate.
        directory: PathBuf,
    },
    /// Cargo rejects the manifest in a function's directory.
    #[error("{defined_at}: function {function}: cargo can't read {}: {message}", .manifest.display())]
    InvalidManifest {
        /// The function's logical id.
        function: String,
        /// Where the template defines it.
        defined_at: String,
        /// The manifest.
        manifest: PathBuf,
        /// What cargo says.
        message: String,
    },
    /// The crate has several binaries, or none, and the template does not choose.
    #[error(
        "{defined_at}: function {function}: {} has {}; name the function's binary in Metadata.BuildProperties.Binary",
        .manifest.display(), listed(.binaries)
    )]
    NoBinaryNamed {
        /// The function's logical id.
        function: String,
        /// Where the template defines it.
        defined_at: String,
        /// The crate's manifest.
        manifest: PathBuf,
        /// Every binary of the crate.
        binaries: Vec<String>,
    },
    /// The template names a binary that the crate does not have.
    #[error(
        "{defined_at}: function {function}: Metadata.BuildProperties.Binary is {binary}, but {} has {}",
        .manifest.display(), listed(.binaries)
    )]
    UnknownBinary {
        /// The function's logical id.
        function: String,
        /// Where the template defines it.
        defined_at: String,
        /// The name in the template.
        binary: String,
        /// The crate's manifest.
        manifest: PathBuf,
        /// Every binary of the crate.
        binaries: Vec<String>,
    },
    /// Cargo ran and failed. It has said why on stderr.
    #[error("cargo build in {} failed ({status}); see its messages above", .workspace.display())]
    Failed {
        /// The root of the workspace.
        workspace: PathBuf,
        /// How cargo ended.
        status: ExitStatus,
    },
    /// Cargo succeeded but named no executable for a binary.
    #[error("cargo built {binary} of {} but named no executable for it", .manifest.display())]
    NoExecutable {
        /// The binary.
        binary: String,
        /// The crate's manifest.
        manifest: PathBuf,
    },
}

fn listed(binaries: &[String]) -> String {
    match binaries {
        [] => "no binaries".to_owned(),
        _ => format!("the binaries {}", binaries.join(", ")),
    }
}

/// A binary target, named so that cargo's messages can be matched with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Binary {
    /// As cargo prints it.
    manifest: PathBuf,
    name: String,
}

/// Builds the binaries of `functions`, with one `cargo build` for each workspace, and gives back the functions in their order,
/// without those that are [`Code::NotHere`].
///
/// Each comes back with the name of its binary, also where the template leaves that to the crate. Several functions may share a binary.
/// Cargo's progress and messages go to this process's stderr.
///
/// # Errors
///
/// See [`BuildError`]. Nothing is built unless the binary of every function is known.
pub(crate) async fn build(
    functions: impl IntoIterator<Item = &Function>,
    release: bool,
) -> Result<Vec<Program>, BuildError> {
    let mut read = BTreeMap::<&Path, Metadata>::new();
    let mut jobs = BTreeMap::<PathBuf, BTreeSet<Binary>>::new();
    let mut wanted = Vec::new();
    for function in functions {
        let Code::Cargo { directory, binary } = &function.code else { continue };
        if !read.contains_key(directory.as_path()) {
            read.insert(directory, cargo::metadata(function, directory).await?);
        }
        let metadata = &read[directory.as_path()];
        let binary = metadata.binary_of(function, binary.as_ref())?;
        jobs.entry(metadata.workspace_root.clone()).or_default().insert(binary.clone());
        wanted.push((function, binary));
    }

    let mut executables = BTreeMap::new();
    for (workspace, binaries) in &jobs {
        executables.extend(cargo::build(workspace, binaries, release).await?);
    }
    wanted.into_iter().map(|(function, binary)| program(function, binary, &executables)).collect()
}

/// Names the binaries that the template leaves to their crates, for functions that are not built here. What cargo can't say stays unnamed.
pub(crate) async fn name_binaries(functions: impl Iterator<Item = &mut Function>) {
    for function in functions {
        let Code::Cargo { directory, binary: None } = &function.code else { continue };
        let metadata = cargo::metadata(function, directory).await;
        match metadata.and_then(|metadata| metadata.binary_of(function, None)) {
            Ok(binary) => *function = running(function, binary.name),
            Err(error) => tracing::debug!("{error}"),
        }
    }
}

fn program(
    function: &Function,
    binary: Binary,
    executables: &BTreeMap<Binary, PathBuf>,
) -> Result<Program, BuildError> {
    match executables.get(&binary) {
        Some(executable) => Ok(Program { function: running(function, binary.name), executable: executable.clone() }),
        None => Err(BuildError::NoExecutable { binary: binary.name, manifest: binary.manifest }),
    }
}

fn running(function: &Function, name: String) -> Function {
    let mut function = function.clone();
    if let Code::Cargo { binary, .. } = &mut function.code {
        *binary = Some(name);
    }
    function
}
