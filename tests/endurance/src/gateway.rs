//! The gateway's program as a child process, built by cargo.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::Error;
use crate::process::{self, Process};
use crate::wait::settled;

/// How long the program may take to stop after Ctrl-C: functions get half a second, connections two, and this machine is busy.
const STOP_LIMIT: Duration = Duration::from_secs(30);

/// How many lines of standard output wait to be read. Only reloads print there, and the chaos reads them.
const LINES: usize = 256;

/// What a run works with: the programs, and a folder of its own for the template, the journal and the log.
#[derive(Debug)]
pub(crate) struct Workshop {
    pub(crate) folder: PathBuf,
    program: PathBuf,
    release: bool,
}

/// A running gateway. If it is dropped before it has stopped, the process is killed.
#[derive(Debug)]
pub(crate) struct Gateway {
    child: Child,
    pub(crate) process: Process,
    /// Where clients connect.
    pub(crate) url: String,
    /// What the program prints from now on.
    pub(crate) lines: mpsc::Receiver<String>,
}

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

impl Workshop {
    /// Builds the program.
    pub(crate) async fn new(release: bool) -> Result<Self, Error> {
        let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "-p", "websocket-gateway", "--bin", "websocket-gateway"]).current_dir(root());
        let profile = if release { "release" } else { "debug" };
        if release {
            cargo.arg("--release");
        }
        if !as_from_a_shell(&mut cargo).status().await?.success() {
            return Err("the gateway does not build".into());
        }
        let own = std::env::current_exe()?;
        let target = own.ancestors().nth(2).ok_or("this program does not lie in a target directory")?;
        let folder = std::env::temp_dir().join(format!("endurance.{}", std::process::id()));
        fs::create_dir_all(folder.join("template"))?;
        Ok(Self { folder, program: target.join(profile).join("websocket-gateway"), release })
    }

    /// The template of the runs. Another `round` is another environment, so that all functions are replaced.
    pub(crate) fn template(&self, worker_timeout: u32, round: usize) -> String {
        include_str!("../template.yaml")
            .replace("@FUNCTIONS@", &root().join("tests/functions").display().to_string())
            .replace("@TIMEOUT@", &worker_timeout.to_string())
            .replace("@RUN@", &self.mark())
            .replace("@ROUND@", &round.to_string())
            .replace("@JOURNAL@", &self.journal().display().to_string())
            .replace("@EVENTS@", &self.events().display().to_string())
            .replace("@JOBS@", &self.jobs().display().to_string())
    }

    /// Writes the template and returns its path.
    pub(crate) fn write_template(&self, text: &str) -> Result<PathBuf, Error> {
        let path = self.template_path();
        fs::write(&path, text)?;
        Ok(path)
    }

    /// In a folder of its own: the gateway watches the whole folder, and a change of the template waits for a pause in which no file in it
    /// changes, not even a log.
    pub(crate) fn template_path(&self) -> PathBuf {
        self.folder.join("template/template.yaml")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.folder.join("journal")
    }

    /// What the function in the background has written.
    pub(crate) fn events(&self) -> PathBuf {
        self.folder.join("events")
    }

    /// What the function behind the queue has written.
    pub(crate) fn jobs(&self) -> PathBuf {
        self.folder.join("jobs")
    }

    /// Where the log of a gateway goes.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.log"))
    }

    /// Starts a gateway on a free port. Its log goes to a file of this name.
    pub(crate) async fn start(
        &self,
        name: &str,
        template: &Path,
        log: &str,
        options: &[&str],
    ) -> Result<Gateway, Error> {
        self.launch(Command::new(&self.program), name, template, log, options).await
    }

    /// The same for a gateway that may open only so many files, and without options.
    pub(crate) async fn start_with_files(&self, files: usize, name: &str, template: &Path) -> Result<Gateway, Error> {
        let mut shell = Command::new("sh");
        shell.args(["-c", &format!(r#"ulimit -n {files} && exec "$0" "$@""#)]).arg(&self.program);
        self.launch(shell, name, template, "error", &[]).await
    }

    async fn launch(
        &self,
        mut command: Command,
        name: &str,
        template: &Path,
        log: &str,
        options: &[&str],
    ) -> Result<Gateway, Error> {
        command
            // No run is about the account's throttle, and some post faster than it allows.
            .args(["--port", "0", "--rate-limit", "off", "--template"])
            .arg(template)
            .args(options)
            .current_dir(root())
            .env("RUST_LOG", log);
        if self.release {
            command.arg("--release");
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(self.log(name))?).kill_on_drop(true);
        let mut child = as_from_a_shell(&mut command).spawn()?;
        let mut output = BufReader::new(child.stdout.take().ok_or("no standard output")?).lines();
        // Until then it builds, which takes as long as it takes.
        let url = loop {
            let Some(line) = output.next_line().await? else {
                return Err(format!("the gateway has not started: see {}", self.log(name).display()).into());
            };
            if let Some(url) = line.strip_prefix("Connect to ") {
                break url.to_owned();
            }
        };
        let (sender, lines) = mpsc::channel(LINES);
        tokio::spawn(async move {
            while let Ok(Some(line)) = output.next_line().await {
                // Nobody reads the lines of most runs.
                let _ = sender.try_send(line);
            }
        });
        let process = Process(child.id().ok_or("the gateway has ended")?);
        Ok(Gateway { child, process, url, lines })
    }

    /// The processes of functions that are left, wherever they hang in the tree of processes.
    pub(crate) async fn functions_left(&self) -> usize {
        let look = async || process::all().into_iter().filter(|process| process.has("ENDURANCE", &self.mark())).count();
        settled(Duration::from_secs(2), look, |left| *left == 0).await
    }

    /// Removes the folder.
    pub(crate) fn clear(&self) {
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// By this the environment of a function tells that it belongs to this run.
    fn mark(&self) -> String {
        format!("run-{}", std::process::id())
    }
}

impl Gateway {
    /// `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> &str {
        let rest = self.url.trim_start_matches("ws://");
        rest.split_once('/').map_or(rest, |(address, _)| address)
    }

    /// Presses Ctrl-C and waits for the end; `None` if it does not come.
    pub(crate) async fn stop(mut self) -> Result<Option<ExitStatus>, Error> {
        self.process.signal(Signal::INT)?;
        Ok(timeout(STOP_LIMIT, self.child.wait()).await.ok().transpose()?)
    }
}

/// Hides from cargo, and from what calls it, that cargo has started this program: some build scripts run again if that differs.
fn as_from_a_shell(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_")) {
            command.env_remove(name);
        }
    }
    command
}
