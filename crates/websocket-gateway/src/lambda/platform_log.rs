//! The lines that Lambda itself writes into a function's log: START, END and REPORT.
//!
//! START and END matter only to a reader who follows what a function prints, so their level is below that of REPORT.
//! Source: AWS Lambda developer guide, "Understanding and viewing logs": "The runtime logs the START, END and REPORT lines".

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::InvokeError;
use super::schedule::Run;
use crate::api::Function;
use crate::happenings::{HappeningSender, Level, ReportStatus, What};

/// An instance has fetched an invocation.
pub(super) fn start(happenings: &HappeningSender, function: &Function, request_id: &str) {
    happenings.tell(Level::Detail, || What::Start {
        function: function.logical_id.clone(),
        request_id: request_id.to_owned(),
    });
}

/// How much memory a process has had at most, in MB.
///
/// The system takes longer to say that than the gateway for the rest of an invocation. So the file stays open, and what it has said holds for a moment.
#[derive(Debug)]
pub(super) struct Memory {
    status: File,
    said: Mutex<Option<(Instant, u64)>>,
}

/// How long what the system has said holds. A function that exceeds its `MemorySize` in one invocation takes longer for that alone.
const HOLDS: Duration = Duration::from_millis(5);

/// An instance has answered and is ready for more. `memory` is that of its process.
pub(super) fn end(happenings: &HappeningSender, function: &Function, run: &Run, memory: Option<&Memory>) {
    // The memory is asked for only if the REPORT line has a reader; without one there is no warning about too much memory either.
    if !happenings.is_wanted(Level::Info) {
        return;
    }
    let used = memory.and_then(Memory::most_used);
    report(happenings, function, run, used, None);
    if let Some(used) = used.filter(|used| *used > function.memory_size.into()) {
        happenings.tell(Level::Warning, || What::OverMemory {
            function: function.logical_id.clone(),
            used,
            memory_size: function.memory_size,
        });
    }
}

/// An instance has ended with its invocation.
pub(super) fn failed(happenings: &HappeningSender, function: &Function, run: &Run, error: &InvokeError) {
    let status = match error {
        InvokeError::TimedOut { .. } => ReportStatus::Timeout,
        _ => ReportStatus::ExitError,
    };
    report(happenings, function, run, None, Some(status));
}

fn report(
    happenings: &HappeningSender,
    function: &Function,
    run: &Run,
    max_memory_used: Option<u64>,
    status: Option<ReportStatus>,
) {
    let Run { request_id, took, init } = run;
    happenings
        .tell(Level::Detail, || What::End { function: function.logical_id.clone(), request_id: request_id.clone() });
    happenings.tell(Level::Info, || What::Report {
        function: function.logical_id.clone(),
        request_id: request_id.clone(),
        took: *took,
        init: *init,
        memory_size: function.memory_size,
        max_memory_used,
        status,
    });
}

impl Memory {
    /// That of a process. Only Linux reports it.
    pub(super) fn of(pid: u32) -> Option<Self> {
        let status = File::open(format!("/proc/{pid}/status")).ok()?;
        Some(Self { status, said: Mutex::default() })
    }

    /// What the system says, or has just said; `None` if the process has ended.
    fn most_used(&self) -> Option<u64> {
        // Nothing in between can panic.
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, used)) = *said
            && at.elapsed() < HOLDS
        {
            return Some(used);
        }
        let used = self.read()?;
        *said = Some((Instant::now(), used));
        Some(used)
    }

    fn read(&self) -> Option<u64> {
        // The whole file is shorter.
        let mut status = [0; 4096];
        let length = self.status.read_at(&mut status, 0).ok()?;
        let line = status.get(..length)?.split(|byte| *byte == b'\n').find_map(|line| line.strip_prefix(b"VmHWM:"))?;
        let kilobytes: u64 = std::str::from_utf8(line).ok()?.trim().trim_end_matches(" kB").parse().ok()?;
        Some(kilobytes.div_ceil(1024))
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn the_memory_of_a_process_is_known_while_it_runs() {
        assert!(Memory::of(std::process::id()).unwrap().most_used().unwrap() > 0);
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let memory = Memory::of(child.id()).unwrap();
        drop(child.stdin.take());
        child.wait().unwrap();
        assert_eq!(memory.most_used(), None);
    }
}
