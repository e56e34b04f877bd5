//! The lines that Lambda itself writes into a function's log: START, END and REPORT.
//!
//! START and END matter only to a reader who follows what a function prints, so their level is below that of REPORT.
//! Source: AWS Lambda developer guide, "Understanding and viewing logs": "The runtime logs the START, END and REPORT lines".

use std::fs::File;
use std::os::unix::fs::FileExt;

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

/// Where the system says how much memory a process has had. The file stays open: opening it takes almost as long as what it says.
#[derive(Debug)]
pub(super) struct Memory(File);

/// An instance has answered and is ready for more. `memory` is that of its process.
pub(super) fn end(happenings: &HappeningSender, function: &Function, run: &Run, memory: Option<&Memory>) {
    // Reading the memory takes longer than everything else here, so it is read only if the REPORT line has a reader (and without one there is no
    // warning about too much memory either). The figure can rise with
    // every invocation, so it must be read for each of them.
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
        File::open(format!("/proc/{pid}/status")).ok().map(Self)
    }

    /// The most in MB that the process has had at any time; `None` if it has ended.
    fn most_used(&self) -> Option<u64> {
        // The whole file is shorter.
        let mut status = [0; 4096];
        let length = self.0.read_at(&mut status, 0).ok()?;
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
