//! Functions for Node.js.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::layers::{self, Opened};
use super::{Command, Runtimes};
use crate::api::Files;

/// What loads the handler and speaks the Runtime API. The last file is the one to run.
const BOOTSTRAP: [(&str, &str); 5] = [
    ("node/errors.mjs", include_str!("../bootstrap/node/errors.mjs")),
    ("node/handler.mjs", include_str!("../bootstrap/node/handler.mjs")),
    ("node/hosts.mjs", include_str!("../bootstrap/node/hosts.mjs")),
    ("node/runtime_api.mjs", include_str!("../bootstrap/node/runtime_api.mjs")),
    ("node/main.mjs", include_str!("../bootstrap/node/main.mjs")),
];

/// The oldest version that the bootstrap runs with.
const OLDEST: u32 = 16;

/// The command for a function that has version `major` on AWS.
pub(super) async fn command(
    runtimes: &Runtimes,
    files: &Files,
    directory: &Path,
    layers: &[Opened],
    major: u32,
) -> Result<Command, String> {
    let question = ["-p", "process.execPath + '\\n' + process.versions.node"];
    let Some(node) = runtimes.interpreters.find("node", &question).await else {
        return Err(format!("`node` is not on PATH; install Node.js {major} (https://nodejs.org)"));
    };
    let (version, path) = (&node.version, node.executable.display());
    if node.part(0) < OLDEST {
        return Err(format!(
            "{path} is Node.js {version}; install {OLDEST} or newer, best {major} (https://nodejs.org)"
        ));
    }
    if node.part(0) != major {
        runtimes.warn_once(format!(
            "functions for `{}` run with the Node.js {version} on PATH; on AWS they have {major}",
            files.runtime
        ));
    }
    warn_of_missing_packages(runtimes, directory);
    let mut script = PathBuf::new();
    for (name, text) in BOOTSTRAP {
        script = runtimes.scratch.write(name, text.as_bytes())?;
    }
    let variables = BTreeMap::from([("NODE_PATH".to_owned(), layers::node_path(layers, directory, major))]);
    Ok(Command { executable: node.executable, arguments: vec![script.into()], variables })
}

/// Without its packages the function fails when it starts, which is only when somebody calls it.
fn warn_of_missing_packages(runtimes: &Runtimes, directory: &Path) {
    let Some(folder) = directory.ancestors().find(|folder| folder.join("package.json").is_file()) else { return };
    let manifest = std::fs::read(folder.join("package.json")).unwrap_or_default();
    let manifest: Value = serde_json::from_slice(&manifest).unwrap_or_default();
    let needs_packages = manifest["dependencies"].as_object().is_some_and(|packages| !packages.is_empty());
    let has_packages = folder.ancestors().any(|folder| folder.join("node_modules").is_dir());
    if needs_packages && !has_packages {
        let folder = folder.display();
        runtimes.warn_once(format!(
            "the packages of {folder}/package.json are not installed: run `npm install` in {folder}"
        ));
    }
}
