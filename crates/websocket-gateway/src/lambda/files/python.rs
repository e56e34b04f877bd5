//! Functions for Python.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use super::{Command, Runtimes, layers, tree};
use crate::api::Files;

/// Loads the handler and speaks the Runtime API.
const BOOTSTRAP: &str = include_str!("../bootstrap/python.py");

/// The oldest minor version of Python 3 that the bootstrap runs with.
const OLDEST: u32 = 9;

/// The command for a function that has Python 3 in version `minor` on AWS.
pub(super) async fn command(
    runtimes: &Runtimes,
    files: &Files,
    directory: &Path,
    minor: u32,
) -> Result<Command, String> {
    let question =
        ["-c", "import sys, platform; print(sys.executable, platform.python_version(), *sys.path, sep='\\n')"];
    let exact = format!("python3.{minor}");
    let mut found = runtimes.interpreters.find("python3", &question).await;
    // A virtual environment, whose Python is `python3`, has the function's packages.
    if found.as_ref().is_none_or(|python| python.part(1) != minor) && env::var_os("VIRTUAL_ENV").is_none() {
        found = runtimes.interpreters.find(&exact, &question).await.or(found);
    }
    let Some(python) = found else {
        return Err(format!("`python3` is not on PATH; install Python 3.{minor} (https://www.python.org)"));
    };
    let (version, path) = (&python.version, python.executable.display());
    let modules = layers::python_path(&files.layers, directory, python.part(1));
    if (python.part(0), python.part(1)) < (3, OLDEST) {
        return Err(format!(
            "{path} is Python {version}; install 3.{OLDEST} or newer, best 3.{minor} (https://www.python.org)"
        ));
    }
    if python.part(1) != minor {
        runtimes.warn_once(format!(
            "functions for `{}` run with the Python {version} on PATH; on AWS they have 3.{minor}",
            files.runtime
        ));
    }
    let folders = env::split_paths(&modules).chain(python.search_path.iter().cloned());
    if needs_boto(directory) && !folders.map(|folder| folder.join("boto3")).any(|package| package.is_dir()) {
        runtimes.warn_once(format!(
            "Lambda brings `boto3` along, this machine does not: run `{path} -m pip install boto3`"
        ));
    }
    let script = runtimes.scratch.write("python.py", BOOTSTRAP.as_bytes())?;
    let variables = BTreeMap::from([("PYTHONPATH".to_owned(), modules)]);
    Ok(Command { executable: python.executable, arguments: vec![script.into()], variables })
}

/// Whether the code in a directory imports boto3, or what is below it.
fn needs_boto(directory: &Path) -> bool {
    let is_python = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "py");
    let begins = |line: &str| ["import boto", "from boto"].iter().any(|start| line.trim_start().starts_with(start));
    let mut texts = tree::code_in(directory).filter(is_python).filter_map(|file| fs::read_to_string(file).ok());
    texts.any(|text| text.lines().any(begins))
}
