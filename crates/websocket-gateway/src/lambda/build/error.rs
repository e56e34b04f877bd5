//! Why functions could not be built.

use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;

/// Why functions could not be built.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// Cargo itself could not be run.
    #[error(
        "can't run {cargo}, which builds functions in Rust: {source}; install Rust from https://rustup.rs, or set CARGO to the path of \
         cargo"
    )]
    CargoMissing {
        /// The command that was tried.
        cargo: String,
        /// The operating system's error.
        source: io::Error,
    },
    /// A function's directory does not contain a crate.
    #[error(
        "{defined_at}: function {function}: there is neither a Cargo.toml nor a bootstrap in {}; point CodeUri (or Code) at the directory of \
         the function's crate, or build the function first",
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
    /// A function's directory is the root of a workspace, and not a crate.
    #[error(
        "{defined_at}: function {function}: {} has no [package]: it describes a workspace, not a crate; name the function's binary in \
         Metadata.BuildProperties.Binary, or point CodeUri (or Code) at the directory of the function's crate",
        .manifest.display()
    )]
    NoPackage {
        /// The function's logical id.
        function: String,
        /// Where the template defines it.
        defined_at: String,
        /// The workspace's manifest.
        manifest: PathBuf,
    },
    /// Cargo rejects the manifest in a function's directory, or another one of the same workspace.
    #[error("{defined_at}: function {function}: `cargo metadata` failed for {}: {message}", .manifest.display())]
    InvalidManifest {
        /// The function's logical id.
        function: String,
        /// Where the template defines it.
        defined_at: String,
        /// The manifest in the function's directory.
        manifest: PathBuf,
        /// Cargo's own message, which says which manifest is wrong, and where.
        message: String,
    },
    /// The crate has several binaries, or none, and the template does not name one.
    #[error(
        "{defined_at}: function {function}: {} {}",
        .manifest.display(),
        match .binaries.as_slice() {
            [] => NO_BINARY.to_owned(),
            _ => format!(
                "has the binaries {}; name the function's binary in Metadata.BuildProperties.Binary",
                .binaries.join(", ")
            ),
        }
    )]
    NoBinaryNamed {
        /// The function's logical id.
        function: String,
        /// Where the template defines it.
        defined_at: String,
        /// The crate's manifest.
        manifest: PathBuf,
        /// All binaries of the crate.
        binaries: Vec<String>,
    },
    /// The template names a binary that the crate does not have.
    #[error(
        "{defined_at}: function {function}: Metadata.BuildProperties.Binary is {binary}, but {} {}",
        .manifest.display(),
        match .binaries.as_slice() {
            [] => NO_BINARY.to_owned(),
            _ => format!("has only the binaries {}", .binaries.join(", ")),
        }
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
        /// All binaries of the crate.
        binaries: Vec<String>,
    },
    /// Cargo ran and failed. Its messages on stderr say why.
    #[error("`cargo build` failed in {} ({status}); its messages above say why", .workspace.display())]
    Failed {
        /// The root of the workspace.
        workspace: PathBuf,
        /// How cargo ended.
        status: ExitStatus,
    },
    /// Cargo succeeded but did not report an executable for a binary.
    #[error(
        "cargo did not report an executable for the binary {binary} of {}; if CARGO is set, check that it names cargo",
        .manifest.display()
    )]
    NoExecutable {
        /// The binary.
        binary: String,
        /// The crate's manifest.
        manifest: PathBuf,
    },
}

const NO_BINARY: &str =
    "has no binary; add a src/main.rs, or point CodeUri (or Code) at the crate that has the function's binary";
