//! From a function in the template to its executable, with cargo.

mod cargo;
mod error;
mod metadata;
mod sources;
mod workspaces;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::api::{Code, Function};

use super::Program;
use workspaces::Workspaces;

pub use error::BuildError;
pub(crate) use sources::Sources;

/// A binary target. It is named in the way in which cargo's messages name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Binary {
    /// The path of its package's manifest, as cargo prints it.
    manifest: PathBuf,
    name: String,
}

/// Builds the binaries of `functions` with one `cargo build` for each workspace. Returns the functions in their order, without those that
/// are [`Code::NotHere`]. Several functions may share a binary.
///
/// Each function is returned with the name of its binary, even if the template does not name it. Cargo's progress and messages go to this
/// process's stderr.
///
/// # Errors
///
/// See [`BuildError`]. Nothing is built unless the binary of every function is known.
pub(crate) async fn build(
    functions: impl IntoIterator<Item = &Function>,
    release: bool,
) -> Result<Vec<Program>, BuildError> {
    let mut workspaces = Workspaces::default();
    let mut jobs = BTreeMap::<PathBuf, BTreeSet<Binary>>::new();
    let mut wanted = Vec::new();
    for function in functions {
        let (directory, binary) = match &function.code {
            Code::Cargo { directory, binary } => (directory, binary),
            Code::NotHere { .. } => continue,
        };
        let (workspace, package) = workspaces.find(function, directory).await?;
        let binary = package.binary_of(function, binary.as_ref())?;
        jobs.entry(workspace.root.clone()).or_default().insert(binary.clone());
        wanted.push((function, binary));
    }

    let mut executables = BTreeMap::new();
    for (workspace, binaries) in &jobs {
        executables.extend(cargo::build(workspace, binaries, release).await?);
    }
    wanted.into_iter().map(|(function, binary)| program(function, binary, &executables)).collect()
}

/// Sets the names of binaries that the template does not name, for functions that the gateway does not build. If cargo can't tell the name,
/// it stays unset.
pub(crate) async fn name_binaries(functions: impl Iterator<Item = &mut Function>) {
    let mut workspaces = Workspaces::default();
    for function in functions {
        let Code::Cargo { directory, binary: None } = &function.code else { continue };
        let found = workspaces.find(function, directory).await;
        match found.and_then(|(_, package)| package.binary_of(function, None)) {
            Ok(binary) => *function = with_binary(function, binary.name),
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
        Some(executable) => {
            Ok(Program { function: with_binary(function, binary.name), executable: executable.clone() })
        }
        None => Err(BuildError::NoExecutable { binary: binary.name, manifest: binary.manifest }),
    }
}

/// The function with the name of its binary.
fn with_binary(function: &Function, name: String) -> Function {
    let mut function = function.clone();
    if let Code::Cargo { binary, .. } = &mut function.code {
        *binary = Some(name);
    }
    function
}
