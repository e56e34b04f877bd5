//! The lines that Lambda itself writes into a function's log: START, END and REPORT.
//!
//! START and END matter only to a reader who follows what a function prints, so their level is below that of REPORT.
//! Source: AWS Lambda developer guide, "Understanding and viewing logs": "The runtime logs the START, END and REPORT lines".

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

/// An instance has answered and is ready for more. `pid` is its process.
pub(super) fn end(happenings: &HappeningSender, function: &Function, run: &Run, pid: Option<u32>) {
    // Reading the memory takes longer than everything else here, so it is read only if the REPORT line has a reader (and without one there is no
    // warning about too much memory either). The figure can rise with
    // every invocation, so it must be read for each of them.
    if !happenings.is_wanted(Level::Info) {
        return;
    }
    let used = pid.and_then(max_memory_used);
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

/// The largest amount of memory in MB that a process has had at any time. Only Linux reports it.
fn max_memory_used(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = kilobytes.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes.div_ceil(1024))
}
