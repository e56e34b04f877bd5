//! The life of one instance: what its pool does from the start of the process until the process is reaped.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Pool;
use crate::happenings::{Level, What};
use crate::lambda::instance::Process;
use crate::lambda::instance_id::InstanceId;
use crate::lambda::platform_log::{self, Memory};
use crate::lambda::runtime_api::RuntimeApi;
use crate::lambda::schedule::End;

/// How often, and after which pause, an executable is tried again that somebody still writes to. A file that has just been written counts as
/// such for as long as a process that was started meanwhile has not closed what it inherited: some milliseconds.
const BUSY_TRIES: u32 = 50;
const BUSY_PAUSE: Duration = Duration::from_millis(10);

impl Pool {
    /// Runs one instance until its process is reaped.
    pub(super) async fn run(self: Arc<Self>, id: InstanceId) {
        if self.host.stop.is_cancelled() {
            self.end(id, End::ShuttingDown);
            return;
        }
        match self.start().await {
            Ok((runtime_api, process)) => {
                self.lock().started(id, process.pid().and_then(Memory::of));
                let stopping = CancellationToken::new();
                let happenings = self.host.happenings.clone();
                tokio::join!(runtime_api.serve(Arc::clone(&self), id, happenings, stopping.clone()), async {
                    self.watch(id, process).await;
                    stopping.cancel();
                });
            }
            Err(source) => {
                let executable = self.program.executable.clone();
                if let Some(failure) = self.end(id, End::NotStarted { source, executable }) {
                    failure.report();
                }
            }
        }
    }

    /// Opens a Runtime API, and starts the process that will find it.
    async fn start(&self) -> io::Result<(RuntimeApi, Process)> {
        let runtime_api = RuntimeApi::open().await?;
        let mut tries = BUSY_TRIES;
        loop {
            match Process::start(&self.program, &self.own, &self.host, runtime_api.address()) {
                Err(error) if error.kind() == ErrorKind::ExecutableFileBusy && tries > 0 => {
                    tries -= 1;
                    sleep(BUSY_PAUSE).await;
                }
                started => return Ok((runtime_api, started?)),
            }
        }
    }

    /// Waits for whatever ends the instance first. The pool forgets the instance before its process is killed, so that it gets no more work.
    /// The caller of a failed invocation gets the error after the process has ended, when it can't do anything more.
    async fn watch(self: &Arc<Self>, id: InstanceId, mut process: Process) {
        let function = &self.program.function;
        let failure = tokio::select! {
            Ok(status) = process.exited() => {
                let failure = self.end(id, End::Exited(status));
                if failure.is_none() {
                    self.host.happenings.tell(Level::Warning, || What::IdleExit {
                        function: function.logical_id.clone(),
                        status: status.to_string(),
                    });
                }
                failure
            }
            () = self.host.stop.cancelled() => {
                let is_orderly = self.lock().has_extension(id);
                let failure = self.end(id, End::ShuttingDown);
                process.terminate(is_orderly).await;
                failure
            }
            () = self.killed.notified() => self.end(id, End::KilledByHand),
            () = self.overdue(id) => {
                let is_orderly = self.lock().has_extension(id);
                let failure = self.end(id, End::Overdue);
                match failure {
                    // If the caller has given up already, nothing else reports it.
                    Some(_) => self
                        .host
                        .happenings
                        .tell(Level::Warning, || What::Killed { function: function.logical_id.clone() }),
                    None => process.terminate(is_orderly).await,
                }
                failure
            }
        };
        process.end().await;
        if let Some(failure) = failure {
            if let Some(run) = &failure.run {
                platform_log::failed(&self.host.happenings, function, run, &failure.error);
            }
            failure.report();
        }
    }

    /// Returns when the instance has taken too long for what it is doing.
    async fn overdue(&self, id: InstanceId) {
        loop {
            // Created before the check, so that a notification between the two is not missed.
            let sooner = self.sooner.notified();
            let Some(next_check) = self.check(id) else { return };
            tokio::select! {
                () = sleep_until(next_check.into()) => {}
                () = sooner => {}
            }
        }
    }
}
