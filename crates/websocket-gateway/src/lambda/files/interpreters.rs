//! The interpreters on this machine.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::sync::Mutex;
use tokio::time::timeout;

/// How long an interpreter may take to say its version.
const PATIENCE: Duration = Duration::from_secs(20);

/// The interpreters that have been found, by the commands that run them.
#[derive(Debug, Default)]
pub(super) struct Interpreters(Mutex<HashMap<String, Interpreter>>);

/// An interpreter, for example `node`.
#[derive(Clone, Debug)]
pub(super) struct Interpreter {
    /// The executable itself. The one on PATH may be a script that chooses a version, for every start anew.
    pub(super) executable: PathBuf,
    /// Its version, for example `20.19.1`.
    pub(super) version: String,
    /// Where it finds modules, if it says so.
    pub(super) search_path: Vec<PathBuf>,
}

impl Interpreters {
    /// Asks `command` where it is, which version it has and where it finds modules. `arguments` let it print that, in a line each. `None` if it
    /// does not run.
    pub(super) async fn find(&self, command: &str, arguments: &[&str]) -> Option<Interpreter> {
        let mut found = self.0.lock().await;
        if let Some(known) = found.get(command).filter(|known| known.executable.exists()) {
            return Some(known.clone());
        }
        let asked = Command::new(command).args(arguments).stdin(Stdio::null()).kill_on_drop(true).output();
        let output = timeout(PATIENCE, asked).await.ok()?.ok().filter(|output| output.status.success())?;
        let text = String::from_utf8(output.stdout).ok()?;
        let mut lines = text.lines();
        let (executable, version) = (lines.next()?.into(), lines.next()?.to_owned());
        let interpreter = Interpreter { executable, version, search_path: lines.map(PathBuf::from).collect() };
        found.insert(command.to_owned(), interpreter.clone());
        Some(interpreter)
    }
}

impl Interpreter {
    /// The part of the version at this position; 0 if there is none.
    pub(super) fn part(&self, position: usize) -> u32 {
        self.version.split('.').nth(position).and_then(|part| part.parse().ok()).unwrap_or_default()
    }
}
