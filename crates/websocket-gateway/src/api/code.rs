//! What a function is built from, or what runs as it is.

use std::fmt;
use std::path::PathBuf;

/// What a function is built from, or what runs as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// A Rust crate, which the gateway builds with cargo.
    Cargo {
        /// The crate's directory, or that of its workspace. A relative path in the template starts at the template's directory.
        directory: PathBuf,
        /// The name of the binary. `None` if the template does not name it: then the crate must have exactly one binary.
        binary: Option<String>,
    },
    /// Files that a runtime runs as they are.
    Files(Files),
    /// Code that the gateway can't run, for example for another runtime, in a container image or in S3. The gateway can only invoke the
    /// function where another program runs it.
    NotHere {
        /// The reason, as the end of the sentence "the function can't be started here: …".
        why: String,
    },
}

/// The files of a function, and what runs them.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Files {
    /// What runs them.
    pub runtime: Runtime,
    /// The function's `Handler`, for example `src/app.handler`. Empty for an executable whose template does not name one.
    pub handler: String,
    /// Where they are.
    pub place: Place,
    /// The directory of the project. What its functions share may be there, such as a virtual environment of Python's.
    pub project: PathBuf,
    /// The layers, in their order.
    pub layers: Vec<Layer>,
}

/// Where a function's files are.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Place {
    /// In a directory.
    Directory(PathBuf),
    /// In a zip archive.
    Archive(PathBuf),
    /// In the template itself: the text of the only file.
    Inline(String),
    /// In the directory to which `sam build` writes what it makes from the sources.
    SamBuild {
        /// That directory, in `.aws-sam/build`.
        output: PathBuf,
        /// The directory of the sources.
        sources: PathBuf,
    },
}

/// A layer: files that several functions share.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layer {
    /// A directory with what is in `/opt` on AWS. Packages are in `nodejs` or `python`.
    Directory(PathBuf),
    /// A zip archive of the same.
    Archive(PathBuf),
    /// A directory of packages, which `sam build` would put into `nodejs` or `python`.
    Packages(PathBuf),
    /// The directory to which `sam build` writes what a makefile makes from the sources.
    SamBuild {
        /// That directory, in `.aws-sam/build`.
        output: PathBuf,
        /// The directory of the sources.
        sources: PathBuf,
    },
}

/// A runtime of Lambda, in its version for AWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Runtime {
    /// The function is an executable: `provided.al2023`, `provided.al2` and `go1.x`.
    Executable,
    /// Node.js, for example `nodejs22.x`.
    NodeJs {
        /// The major version.
        major: u32,
    },
    /// Python 3, for example `python3.13`.
    Python {
        /// The minor version.
        minor: u32,
    },
}

impl Runtime {
    /// The runtime that a template names. `None` for one that the gateway does not have.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        if matches!(name, "provided.al2023" | "provided.al2" | "provided" | "go1.x") {
            Some(Self::Executable)
        } else if let Some(version) = name.strip_prefix("nodejs") {
            let major = version.split('.').next()?.parse().ok()?;
            Some(Self::NodeJs { major })
        } else {
            let minor = name.strip_prefix("python3.")?.parse().ok()?;
            Some(Self::Python { minor })
        }
    }
}

/// The name that templates use.
impl fmt::Display for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Executable => f.write_str("provided.al2023"),
            Self::NodeJs { major } => write!(f, "nodejs{major}.x"),
            Self::Python { minor } => write!(f, "python3.{minor}"),
        }
    }
}
