//! Functions whose files run as they are: which program runs them, and with which variables.

mod archive;
mod interpreters;
mod layers;
mod node;
mod packages;
mod place;
mod python;
mod requirements;
mod scratch;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::{Build, Program};
use crate::api::{Api, Code, Files, Function, Runtime};
use interpreters::Interpreters;
use scratch::Scratch;

pub(super) use tree::{fingerprint, is_code, may_hold_code};

/// What functions in other languages need of this machine. It is the same for all deployments.
#[derive(Debug, Default)]
pub(crate) struct Runtimes {
    interpreters: Interpreters,
    scratch: Scratch,
    /// The warnings that have been given.
    said: Mutex<BTreeSet<String>>,
}

/// The program of a function, apart from where its files are.
struct Command {
    executable: PathBuf,
    arguments: Vec<OsString>,
    variables: BTreeMap<String, OsString>,
}

impl Runtimes {
    /// Finds what runs a function's files.
    ///
    /// # Errors
    /// Why the function can't be started here, and what to do.
    pub(super) async fn program(&self, function: &Function, files: &Files) -> Result<Program, String> {
        let directory = place::open(&function.logical_id, files, &self.scratch)?;
        let layers = layers::open(self, &files.layers)?;
        let command = match files.runtime {
            Runtime::Executable => executable(&directory, &files.handler)?,
            Runtime::NodeJs { major } => node::command(self, files, &directory, &layers, major).await?,
            Runtime::Python { minor } => python::command(self, files, &directory, &layers, minor).await?,
        };
        let Command { executable, arguments, mut variables } = command;
        variables.extend(layers::variables(&layers, &directory));
        let roots = layers.iter().map(|layer| layer.directory.as_path()).chain([directory.as_path()]);
        let version = tree::fingerprint(roots, &executable);
        Ok(Program {
            function: function.clone(),
            executable,
            arguments,
            variables,
            directory: Some(directory),
            version,
        })
    }

    /// Warns of the functions that the API invokes and that can't be started here: in one line of all that only another program can run, and in
    /// one for each other reason. Also warns of what functions will not find when they start.
    pub(crate) fn warn_of(&self, api: &Api, build: &Build) {
        let elsewhere = api.functions.values().filter_map(|function| match &function.code {
            Code::NotHere { why } if api.invokes(&function.logical_id) => {
                Some(format!("`{}` ({why})", function.logical_id))
            }
            _ => None,
        });
        let elsewhere = elsewhere.collect::<Vec<_>>().join(", ");
        if !elsewhere.is_empty() {
            self.warn_once(format!(
                "functions that can't be started here: {elsewhere}; start them elsewhere, for example with `sam local start-lambda`, and \
                 name that server with --lambda-endpoint URL"
            ));
        }
        let mut by_reason: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, why) in &build.not_here {
            let is_code = api.functions.get(id).is_some_and(|function| !matches!(function.code, Code::NotHere { .. }));
            if is_code && api.invokes(id) {
                by_reason.entry(why).or_default().push(id);
            }
        }
        for (why, ids) in by_reason {
            tracing::warn!("`{}` can't be started here: {why}", ids.join("`, `"));
        }
        if let Some(warning) = packages::warning(&build.programs) {
            self.warn_once(warning);
        }
    }

    /// Warns, but not twice of the same.
    fn warn_once(&self, warning: String) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if !said.contains(&warning) {
            tracing::warn!("{warning}");
            said.insert(warning);
        }
    }
}

/// The directories whose changes change the function.
pub(super) fn directories_of(files: &Files) -> impl Iterator<Item = &Path> {
    place::directory_of(files).into_iter().chain(files.layers.iter().filter_map(layers::directory_of))
}

/// The files whose changes change the function.
pub(super) fn archives_of(files: &Files) -> impl Iterator<Item = PathBuf> {
    place::archive_of(files).into_iter().chain(files.layers.iter().filter_map(layers::archive_of))
}

/// A function that is itself an executable: `bootstrap`, or what `Handler` names for `go1.x`.
fn executable(directory: &Path, handler: &str) -> Result<Command, String> {
    let names = ["bootstrap", handler].into_iter().filter(|name| !name.is_empty());
    let Some(executable) = names.map(|name| directory.join(name)).find(|file| file.is_file()) else {
        return Err(format!("there is no `bootstrap` in {}; build the function first", directory.display()));
    };
    let mode = executable.metadata().map_or(0, |file| file.permissions().mode());
    if mode & 0o111 == 0 {
        let file = executable.display();
        return Err(format!("{file} is not executable; run `chmod +x {file}`, because Lambda refuses it, too"));
    }
    Ok(Command { executable, arguments: Vec::new(), variables: BTreeMap::new() })
}
