//! One process, from its start until it is reaped.

mod descriptors;
mod output;
mod variables;

use std::io;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::process::{Child, Command};
use tokio::time::{sleep_until, timeout};

use super::instance_id::InstanceId;
use super::platform_log;
use super::pool::Pool;
use super::process_group::ProcessGroup;
use super::schedule::End;
use crate::happenings::{Level, What};
use output::Output;

/// How long a process may take to end after SIGTERM.
/// Source: AWS Lambda developer guide, "Lambda execution environment lifecycle": 500 ms with an internal extension.
const SHUTDOWN_GRACE: Duration = Duration::from_millis(500);

/// How long after the end of a process its last lines are waited for. Only a process that left its group can hold the pipes open.
const LAST_LINES: Duration = Duration::from_millis(200);

/// Runs one instance until its process is reaped, and tells the pool.
pub(super) async fn run(pool: Arc<Pool>, id: InstanceId) {
    if pool.host.stop.is_cancelled() {
        pool.end(id, End::ShuttingDown);
        return;
    }
    match Process::start(&pool, id) {
        Ok(process) => {
            pool.started(id, process.child.id());
            watch(&pool, id, process).await;
        }
        Err(source) => {
            let executable = pool.program.executable.clone();
            if let Some(failure) = pool.end(id, End::NotStarted { source, executable }) {
                failure.report();
            }
        }
    }
}

/// Waits for whatever ends the instance first. The pool forgets it before its process is killed, so that it gets nothing more to do;
/// the caller of a failed invocation hears of it when the process is gone, so that it can do nothing more.
async fn watch(pool: &Arc<Pool>, id: InstanceId, mut process: Process) {
    let failure = tokio::select! {
        Ok(status) = process.child.wait() => {
            let failure = pool.end(id, End::Exited(status));
            if failure.is_none() {
                pool.host.happenings.tell(Level::Warning, || What::IdleExit {
                    function: pool.program.function.logical_id.clone(),
                    status: status.to_string(),
                });
            }
            failure
        }
        () = pool.host.stop.cancelled() => {
            let failure = pool.end(id, End::ShuttingDown);
            process.terminate().await;
            failure
        }
        () = overdue(pool, id) => {
            let failure = pool.end(id, End::Overdue);
            match failure {
                // The caller may have given up already. Then nothing else tells of it.
                Some(_) => pool.host.happenings.tell(Level::Warning, || What::Killed {
                    function: pool.program.function.logical_id.clone(),
                }),
                None => process.terminate().await,
            }
            failure
        }
    };
    process.kill().await;
    process.output.finish(LAST_LINES).await;
    if let Some(failure) = failure {
        if let Some(run) = &failure.run {
            platform_log::failed(&pool.host.happenings, &pool.program.function, run, &failure.error);
        }
        failure.report();
    }
}

/// Returns when the instance has taken too long for what it is doing.
async fn overdue(pool: &Pool, id: InstanceId) {
    loop {
        // From before the look, so that nothing is missed in between.
        let sooner = pool.sooner();
        let Some(next_look) = pool.check(id) else { return };
        tokio::select! {
            () = sleep_until(next_look.into()) => {}
            () = sooner => {}
        }
    }
}

/// A child process with a process group of its own, so that what it starts can be ended with it, and so that a Ctrl-C in the
/// terminal reaches the gateway alone.
struct Process {
    child: Child,
    group: ProcessGroup,
    output: Output,
}

impl Process {
    fn start(pool: &Pool, id: InstanceId) -> io::Result<Self> {
        let function = &pool.program.function;
        // With a scheme, which AWS leaves out: lambda_runtime can't read a path without one.
        let runtime_api = format!("http://{}/{id}", pool.host.runtime_api);
        let mut child = Command::new(&pool.program.executable)
            .env_clear()
            .envs(variables::of(variables::inherited(), function, &pool.own, &runtime_api))
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
            Output::follow(&pool.host.happenings, &function.logical_id, child.stdout.take(), child.stderr.take());
        Ok(Self { child, group, output })
    }

    /// Asks the process to end, and waits a little for it.
    async fn terminate(&mut self) {
        self.group.signal(Signal::TERM);
        let _ = timeout(SHUTDOWN_GRACE, self.child.wait()).await;
    }

    /// Kills what is left of the process and its group, and reaps it. The group of a process that has ended by itself still exists
    /// while anything runs in it; if nothing does, the system will not have given its number away again so soon.
    async fn kill(&mut self) {
        self.group.signal(Signal::KILL);
        let _ = self.child.wait().await;
        self.group.forget();
    }
}
