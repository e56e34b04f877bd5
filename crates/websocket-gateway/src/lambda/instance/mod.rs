//! The process of one instance, from its start until it is reaped.

mod descriptors;
mod output;
mod variables;

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::Program;
use super::host::Host;
use super::process_group::ProcessGroup;
use output::Output;

/// How long a process may take to end after SIGTERM, if it has registered an extension. Any other process gets no SIGTERM.
/// Source: AWS Lambda developer guide, "Lambda execution environment lifecycle", shutdown phase: 0 ms without an extension, 500 ms with an
/// internal one.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(500);

/// How long to wait for the last lines of a process after its end. Only a process that has left its group can keep the pipes open.
const LAST_LINES: Duration = Duration::from_millis(200);

/// A child process with a process group of its own. Whatever it starts can be ended with it, and a Ctrl-C in the terminal reaches the gateway
/// only.
pub(super) struct Process {
    child: Child,
    group: ProcessGroup,
    output: Output,
}

impl Process {
    /// Starts the process of an instance. `own` is the gateway's own environment for the function, `runtime_api` the instance's Runtime API.
    pub(super) fn start(
        program: &Program,
        own: &BTreeMap<String, String>,
        host: &Host,
        runtime_api: SocketAddr,
    ) -> io::Result<Self> {
        let mut command = Command::new(&program.executable);
        if let Some(directory) = &program.directory {
            command.current_dir(directory);
        }
        let mut child = command
            .args(&program.arguments)
            .env_clear()
            .envs(variables::of(variables::inherited(), program, own, &runtime_api.to_string()))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        if let Some(pid) = child.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            descriptors::limit(pid);
        }
        let group = ProcessGroup::of(&child);
        let output =
            Output::follow(&host.happenings, &program.function.logical_id, child.stdout.take(), child.stderr.take());
        Ok(Self { child, group, output })
    }

    /// The process id, until the process is reaped.
    pub(super) fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits until the process ends by itself.
    pub(super) async fn exited(&mut self) -> io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// Asks the process to end, and gives it some time to do so, if `is_orderly`. The caller kills what is left.
    pub(super) async fn terminate(&mut self, is_orderly: bool) {
        if !is_orderly {
            return;
        }
        self.group.signal(Signal::TERM);
        let _ = timeout(SHUTDOWN_GRACE, self.child.wait()).await;
    }

    /// Kills what is left of the process and its group, reaps it, and reports its last lines. The group of a process that has ended by itself
    /// still exists while anything runs in it. If nothing does, the system will not have used its number again so soon.
    pub(super) async fn end(mut self) {
        self.group.signal(Signal::KILL);
        let _ = self.child.wait().await;
        self.group.forget();
        self.output.finish(LAST_LINES).await;
    }
}
