//! Runs cargo and reads its output.

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde::Deserialize;
use tokio::process::Command;

use crate::api::Function;
use crate::lambda::process_group::ProcessGroup;

use super::metadata::{Target, Workspace};
use super::{Binary, BuildError};

/// Asks cargo about the workspace that the crate with this manifest belongs to. Leaves out the packages of registries: they don't change.
pub(super) async fn metadata(function: &Function, manifest: &Path) -> Result<Workspace, BuildError> {
    let mut command = cargo();
    command.args(["metadata", "--no-deps", "--format-version", "1", "--manifest-path"]).arg(manifest);
    let output = command.output().await.map_err(missing)?;
    let invalid = |message: String| BuildError::InvalidManifest {
        function: function.logical_id.clone(),
        defined_at: function.defined_at.clone(),
        manifest: manifest.to_owned(),
        message,
    };
    if !output.status.success() {
        return Err(invalid(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Workspace::parse(&output.stdout).map_err(|error| {
        invalid(format!("its output is not valid: {error}; if CARGO is set, check that it names cargo"))
    })
}

/// Builds binaries of one workspace and returns their executables.
///
/// It does not use `-p`, which would select the features of dependencies for one package alone, so that they would be compiled again for
/// the rest of the workspace. `--workspace` is what a plain `cargo build` means in a virtual workspace, and it also finds binaries
/// outside `default-members`.
pub(super) async fn build(
    workspace: &Path,
    binaries: &BTreeSet<Binary>,
    release: bool,
) -> Result<BTreeMap<Binary, PathBuf>, BuildError> {
    let mut command = cargo();
    command.current_dir(workspace).args(["build", "--workspace", "--message-format", "json-render-diagnostics"]);
    // Cargo would resolve symbolic links in the current directory, and then name other manifests than the metadata does.
    command.arg("--manifest-path").arg(workspace.join("Cargo.toml"));
    command.args(release.then_some("--release"));
    for binary in binaries {
        command.args(["--bin", &binary.name]);
    }
    let child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).process_group(0).spawn().map_err(missing)?;
    // If the build is given up, its compilers end too.
    let mut group = ProcessGroup::of(&child);
    let output = child.wait_with_output().await.map_err(missing)?;
    group.forget();
    if !output.status.success() {
        return Err(BuildError::Failed { workspace: workspace.to_owned(), status: output.status });
    }
    Ok(output.stdout.split(|byte| *byte == b'\n').filter_map(executable).collect())
}

/// The command that runs cargo. It ends when it is dropped.
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

/// Whether `cargo run` and `cargo test` set a variable to describe the package that they run. Build scripts may depend on these variables,
/// as ring's does. If the values differ from those in a shell, cargo runs the script again and rebuilds everything that depends on it.
fn is_about_this_program(variable: &str) -> bool {
    variable.starts_with("CARGO_PKG_") || variable.starts_with("CARGO_MANIFEST_")
}

/// `cargo run` sets `CARGO` to the path of the cargo that runs this program.
fn cargo_path() -> OsString {
    env::var_os("CARGO").unwrap_or_else(|| "cargo".into())
}

fn missing(source: std::io::Error) -> BuildError {
    BuildError::CargoMissing { cargo: cargo_path().to_string_lossy().into_owned(), source }
}

/// The binary that one line of cargo's messages reports, with its executable. Lines about other things are ignored.
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
