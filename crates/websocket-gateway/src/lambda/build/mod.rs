//! From a function in the template to a program that can be started. Rust functions are built with cargo for it.

mod cargo;
mod error;
mod metadata;
mod sources;
mod workspaces;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use crate::api::{Code, Function};

use super::{Program, Runtimes};
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

/// What to build in a workspace.
#[derive(Debug, Default)]
struct Job {
    binaries: BTreeSet<Binary>,
    /// Whether one of its functions is.
    is_needed: bool,
}

/// What can be started, and what can't.
#[derive(Debug, Default)]
pub(crate) struct Build {
    /// The programs of the functions that can be started.
    pub(crate) programs: Vec<Program>,
    /// The logical ids of the others, each with the reason as the end of the sentence "the function can't be started here: …".
    pub(crate) not_here: Vec<(String, String)>,
}

/// Finds or builds the programs of `functions`, the binaries of Rust functions with one `cargo build` for each workspace. Several functions
/// may share a binary. What is wrong with a function that is not needed is the reason why that function can't be started, and no error.
///
/// Each Rust function is returned with the name of its binary and its crate's directory, even if the template does not name them. Cargo's
/// progress and messages go to this process's stderr.
///
/// # Errors
///
/// See [`BuildError`]. Nothing is built unless the binary of every function that is needed is known. A machine without cargo is an error only if
/// nothing can be started without it.
pub(crate) async fn build(
    functions: impl IntoIterator<Item = &Function>,
    is_needed: impl Fn(&Function) -> bool,
    release: bool,
    runtimes: &Runtimes,
) -> Result<Build, BuildError> {
    let mut build = Build::default();
    let mut workspaces = Workspaces::default();
    let mut jobs = BTreeMap::<PathBuf, Job>::new();
    let mut wanted = Vec::new();
    let mut without_cargo = Vec::new();
    for function in functions {
        let (directory, binary) = match &function.code {
            Code::Cargo { directory, binary } => (directory, binary),
            Code::Files(files) => {
                match runtimes.program(function, files).await {
                    Ok(program) => build.programs.push(program),
                    Err(why) => build.not_here.push((function.logical_id.clone(), why)),
                }
                continue;
            }
            Code::NotHere { why } => {
                let advice = "start it elsewhere, and pass --lambda-endpoint URL to call it there";
                build.not_here.push((function.logical_id.clone(), format!("{why}; {advice}")));
                continue;
            }
        };
        let found = workspaces.find(function, directory, binary.as_deref()).await;
        let found = found.and_then(|(workspace, package)| {
            Ok((workspace.root.clone(), package.binary_of(function, binary.as_ref())?))
        });
        match found {
            Ok((root, binary)) => {
                let job = jobs.entry(root.clone()).or_default();
                job.is_needed |= is_needed(function);
                job.binaries.insert(binary.clone());
                wanted.push((function, root, binary));
            }
            Err(error @ BuildError::CargoMissing { .. }) => without_cargo.push((function, error)),
            Err(error) if is_needed(function) => return Err(error),
            Err(error) => build.not_here.push((function.logical_id.clone(), error.to_string())),
        }
    }
    for (function, error) in without_cargo {
        if build.programs.is_empty() && is_needed(function) {
            return Err(error);
        }
        build.not_here.push((function.logical_id.clone(), error.to_string()));
    }

    let (mut executables, mut failed) = (BTreeMap::new(), BTreeMap::new());
    for (root, Job { binaries, is_needed }) in &jobs {
        match cargo::build(root, binaries, release).await {
            Ok(built) => executables.extend(built),
            Err(error) if *is_needed => return Err(error),
            Err(error) => {
                failed.insert(root, error.to_string());
            }
        }
    }
    for (function, root, binary) in &wanted {
        match failed.get(root) {
            Some(why) => build.not_here.push((function.logical_id.clone(), why.clone())),
            None => build.programs.push(program(function, binary.clone(), &executables)?),
        }
    }
    Ok(build)
}

/// Sets the names of binaries that the template does not name, for functions that the gateway does not build. If cargo can't tell the name,
/// it stays unset.
pub(crate) async fn name_binaries(functions: impl Iterator<Item = &mut Function>) {
    let mut workspaces = Workspaces::default();
    for function in functions {
        let Code::Cargo { directory, binary: None } = &function.code else { continue };
        let found = workspaces.find(function, directory, None).await;
        match found.and_then(|(_, package)| package.binary_of(function, None)) {
            Ok(binary) => *function = with_binary(function, &binary),
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
        Some(executable) => Ok(Program::binary(with_binary(function, &binary), executable.clone())),
        None => Err(BuildError::NoExecutable { binary: binary.name, manifest: binary.manifest }),
    }
}

/// The function with the name of its binary, and with the directory of its crate if the template names that of the workspace.
fn with_binary(function: &Function, found: &Binary) -> Function {
    let mut function = function.clone();
    if let Code::Cargo { directory, binary } = &mut function.code {
        *binary = Some(found.name.clone());
        let manifest = found.manifest.canonicalize();
        if let Some(own) = found.manifest.parent()
            && directory.join("Cargo.toml").canonicalize().ok() != manifest.ok()
        {
            *directory = own.to_owned();
        }
    }
    function
}
