//! Ends a process together with everything that it has started.

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::Child;

/// The process group that a child process leads. When this is dropped, all processes that are left in the group are killed.
pub(super) struct ProcessGroup(Option<Pid>);

impl ProcessGroup {
    /// The group of a child process that was started with `process_group(0)`.
    pub(super) fn of(leader: &Child) -> Self {
        Self(leader.id().and_then(|id| Pid::from_raw(id.cast_signed())))
    }

    /// Sends a signal to all processes of the group. The group may be empty.
    pub(super) fn signal(&self, signal: Signal) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, signal);
        }
    }

    /// Sends no more signals. When the leader has been reaped and the group is empty, the system may give its number to other processes.
    pub(super) fn forget(&mut self) {
        self.0 = None;
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}
