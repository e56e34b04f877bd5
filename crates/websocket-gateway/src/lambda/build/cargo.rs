//! Running cargo and reading what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;

use crate::api::Function;
use crate::lambda::process_group::ProcessGroup;

use super::metadata::{Metadata, Target};
use super::{Binary, BuildError};

/// Asks cargo about the crate of a function. The dependencies don't matter for that.
pub(super) async fn metadata(function: &Function, directory: &Path) -> Result<Metadata, BuildError> {
    let manifest = directory.join("Cargo.toml");
    if !manifest.is_file() {
        return Err(BuildError::NoManifest {
            function: function.logical_id.clone(),
            defined_at: function.defined_at.clone(),
            directory: directory.to_owned(),
        });
    }
    let mut command = cargo();
    command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(&manifest);
    let output = command.output().await.map_err(missing)?;
    let invalid = |message: String| BuildError::InvalidManifest {
        function: function.logical_id.clone(),
        defined_at: function.defined_at.clone(),
        manifest: manifest.clone(),
        message,
    };
    if !output.status.success() {
        return Err(invalid(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Metadata::parse(&output.stdout, &manifest).ok_or_else(|| invalid("it is no package of its workspace".to_owned()))
}

/// Builds binaries of one workspace and gives their executables.
///
/// Never with `-p`: that selects the features of dependencies for one package alone, and compiles them once more than the rest of the
/// workspace does. `--workspace` is what a plain `cargo build` means in a virtual workspace, and it also finds binaries outside
/// `default-members`.
pub(super) async fn build(
    workspace: &Path,
    binaries: &BTreeSet<Binary>,
    release: bool,
) -> Result<BTreeMap<Binary, PathBuf>, BuildError> {
    let mut command = cargo();
    command.current_dir(workspace).args(["build", "--workspace", "--message-format", "json-render-diagnostics"]);
    command.args(release.then_some("--release"));
    for binary in binaries {
        command.args(["--bin", &binary.name]);
    }
    let child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).process_group(0).spawn().map_err(missing)?;
    // Its compilers too end with a start that is given up.
    let mut group = ProcessGroup::of(&child);
    let output = child.wait_with_output().await.map_err(missing)?;
    group.forget();
    if !output.status.success() {
        return Err(BuildError::Failed { workspace: workspace.to_owned(), status: output.status });
    }
    Ok(output.stdout.split(|byte| *byte == b'\n').filter_map(executable).collect())
}

/// Under `cargo run`, `CARGO` is the very cargo that runs this program.
fn cargo() -> Command {
    let mut command = Command::new(cargo_path());
    command.stdin(Stdio::null()).kill_on_drop(true);
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(is_about_this_program) {
            command.env_remove(name);
        }
    }
    command
}

/// What `cargo run` and `cargo test` tell a program of its own package. Build scripts may depend on variables of these names: one
/// who sees other values than in a build from the shell runs again, and all that depends on it (ring's is such a one).
fn is_about_this_program(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_")
}

fn cargo_path() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn missing(source: std::io::Error) -> BuildError {
    BuildError::CargoMissing { cargo: cargo_path().to_string_lossy().into_owned(), source }
}

/// The binary that one line of cargo's messages tells of. Lines that tell of something else are no errors.
fn executable(line: &[u8]) -> Option<(Binary, PathBuf)> {
    #[derive(Deserialize)]
    struct Artifact {
        manifest_path: PathBuf,
        target: Target,
        executable: Option<PathBuf>,
    }

    let artifact: Artifact = serde_json::from_slice(line).ok()?;
    let name = artifact.target.is_binary().then_some(artifact.target.name)?;
    Some((Binary { manifest: artifact.manifest_path, name }, artifact.executable?))
}
