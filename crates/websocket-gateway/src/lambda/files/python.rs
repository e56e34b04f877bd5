//! Functions for Python.

use std::collections::BTreeMap;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::interpreters::Interpreter;
use super::layers::{self, Opened};
use super::{Command, Runtimes, requirements, tree};
use crate::api::Files;

/// Loads the handler and speaks the Runtime API.
const BOOTSTRAP: &str = include_str!("../bootstrap/python.py");

/// The oldest minor version of Python 3 that the bootstrap runs with.
const OLDEST: u32 = 9;

/// What lets an interpreter say where it is, which version it has and where it finds modules.
const QUESTION: [&str; 2] =
    ["-c", "import sys, platform; print(sys.executable, platform.python_version(), *sys.path, sep='\\n')"];

/// The command for a function that has Python 3 in version `minor` on AWS.
pub(super) async fn command(
    runtimes: &Runtimes,
    files: &Files,
    directory: &Path,
    layers: &[Opened],
    minor: u32,
) -> Result<Command, String> {
    let Some(python) = interpreter(runtimes, [directory, &files.project], minor).await else {
        return Err(format!("`python3` is not on PATH; install Python 3.{minor} (https://www.python.org)"));
    };
    let (version, path) = (&python.version, python.executable.display());
    if (python.part(0), python.part(1)) < (3, OLDEST) {
        return Err(format!(
            "{path} is Python {version}; install 3.{OLDEST} or newer, best 3.{minor} (https://www.python.org)"
        ));
    }
    if python.part(1) != minor {
        runtimes.warn_once(format!(
            "functions for `{}` run with Python {version}, {path}; on AWS they have 3.{minor}",
            files.runtime
        ));
    }
    let modules = layers::python_path(layers, directory, python.part(1));
    warn_of_missing_packages(runtimes, &python, &files.project, directory, &modules);
    let script = runtimes.scratch.write("python.py", BOOTSTRAP.as_bytes())?;
    let variables = BTreeMap::from([("PYTHONPATH".to_owned(), modules)]);
    Ok(Command { executable: python.executable, arguments: vec![script.into()], variables })
}

/// The active virtual environment's Python, or that of a virtual environment in one of the folders, which has the function's packages; else
/// the very version, else any.
async fn interpreter(runtimes: &Runtimes, folders: [&Path; 2], minor: u32) -> Option<Interpreter> {
    let active = env::var_os("VIRTUAL_ENV").is_some();
    let environments = folders.iter().flat_map(|folder| [".venv", "venv"].map(|name| folder.join(name)));
    let own = environments.map(|environment| environment.join("bin/python3")).find(|python| python.is_file());
    if let Some(own) = own.filter(|_| !active)
        && let Some(found) = runtimes.interpreters.find(&own.to_string_lossy(), &QUESTION).await
    {
        return Some(found);
    }
    let found = runtimes.interpreters.find("python3", &QUESTION).await;
    if active || found.as_ref().is_some_and(|python| python.part(1) == minor) {
        return found;
    }
    runtimes.interpreters.find(&format!("python3.{minor}"), &QUESTION).await.or(found)
}

/// Without its packages the function fails when it starts, which is only when somebody calls it.
fn warn_of_missing_packages(
    runtimes: &Runtimes,
    python: &Interpreter,
    project: &Path,
    directory: &Path,
    modules: &OsStr,
) {
    let folders = || env::split_paths(modules).chain(python.search_path.iter().cloned());
    let requirements = directory.join("requirements.txt");
    let missing = requirements::missing(&requirements, folders());
    if !missing.is_empty() {
        runtimes.warn_once(format!(
            "packages of {} are not installed, `{}`: run `{}`",
            requirements.display(),
            missing.join("`, `"),
            installation(python, project, &format!("-r {}", requirements.display()))
        ));
    }
    let is_named = missing.iter().any(|package| package.starts_with("boto"));
    if !is_named && needs_boto(directory) && !folders().any(|folder| folder.join("boto3").is_dir()) {
        runtimes.warn_once(format!(
            "Lambda brings `boto3` along, this machine does not: run `{}`",
            installation(python, project, "boto3")
        ));
    }
}

/// The command that installs packages where the function finds them. A system's own Python may refuse to install any.
/// Source: PEP 668, "Marking Python base environments as externally managed".
fn installation(python: &Interpreter, project: &Path, packages: &str) -> String {
    let is_virtual = python.executable.ancestors().nth(2).is_some_and(|root| root.join("pyvenv.cfg").is_file());
    let is_managed = || python.search_path.iter().any(|folder| folder.join("EXTERNALLY-MANAGED").is_file());
    let path = python.executable.display();
    if is_virtual || !is_managed() {
        return format!("{path} -m pip install {packages}");
    }
    let environment = project.join(".venv");
    let environment = environment.display();
    format!("{path} -m venv {environment} && {environment}/bin/pip install {packages}")
}

/// Whether the code in a directory imports boto3, or what is below it.
fn needs_boto(directory: &Path) -> bool {
    let is_python = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "py");
    let begins = |line: &str| ["import boto", "from boto"].iter().any(|start| line.trim_start().starts_with(start));
    let mut texts = tree::code_in(directory).filter(is_python).filter_map(|file| fs::read_to_string(file).ok());
    texts.any(|text| text.lines().any(begins))
}
