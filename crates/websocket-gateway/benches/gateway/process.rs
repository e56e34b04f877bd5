//! What a process uses, from Linux's `/proc`.

use std::fs;
use std::time::Duration;

/// The unit of the times in `/proc`.
const TICK: Duration = Duration::from_millis(10);

/// A process by its id.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Process(pub(crate) u32);

impl Process {
    /// The processes that it has started and that are still running.
    pub(crate) fn children(self) -> Vec<Self> {
        let all = fs::read_dir("/proc").into_iter().flatten().flatten();
        let all = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Self));
        all.filter(|process| process.stat(1) == Some(self.0.into())).collect()
    }

    /// The CPU time that it has used so far, in user and in kernel mode.
    pub(crate) fn cpu(self) -> Duration {
        let ticks = self.stat(11).unwrap_or(0) + self.stat(12).unwrap_or(0);
        TICK.saturating_mul(ticks.try_into().unwrap_or(u32::MAX))
    }

    /// The memory that it has in use (`VmRSS`), in bytes.
    pub(crate) fn resident(self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok()).map_or(0, |kib: u64| kib * 1024)
    }

    /// A field of `/proc/PID/stat`, counted from the one after the name.
    fn stat(self, field: usize) -> Option<u64> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.0)).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(field)?.parse().ok()
    }
}
