//! Ending a process with everything that it has started.

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// The process group that a child leads. What is left in it is killed when this is dropped.
pub(super) struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    /// Of a child that was started with `process_group(0)`.
    pub(super) fn of(leader: &Child) -> Self {
        Self(leader.id().and_then(|id| Pid::from_raw(id.cast_signed())))
    }

    /// A group without processes is no error here.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, signal);
        }
    }

    /// Once its leader is reaped and its group empty, the system may give the number to others.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
