//! The lines that Lambda itself writes into a function's log: START, END and REPORT.
//!
//! They stand beside the function's own output. START and END are for who follows what a function prints, so they are a level below.
//! Source: AWS Lambda developer guide, "Understanding and viewing logs": "The runtime logs the START, END and REPORT lines".

use std::time::Duration;

use super::error::InvokeError;
use super::schedule::Run;
use crate::api::Function;

/// An instance has fetched an invocation.
pub(super) fn start(function: &Function, request_id: &str) {
    let function = &function.logical_id;
    tracing::debug!(target: "websocket_gateway::function", %function, "START RequestId: {request_id} Version: $LATEST");
}

/// An instance has answered and is ready for more. `pid` is its process.
pub(super) fn end(function: &Function, run: &Run, pid: Option<u32>) {
    // Asking takes longer than saying.
    if !tracing::enabled!(target: "websocket_gateway::function", tracing::Level::INFO) {
        return;
    }
    let peak = pid.and_then(peak_memory);
    report(function, run, peak, "");
    if let Some(peak) = peak.filter(|peak| *peak > function.memory_size.into()) {
        let (id, size) = (&function.logical_id, function.memory_size);
        tracing::warn!("{id} has used {peak} MB, and its MemorySize is {size}: on AWS it would have been killed");
    }
}

/// An instance has ended with its invocation.
pub(super) fn failed(function: &Function, run: &Run, error: &InvokeError) {
    let status = match error {
        InvokeError::TimedOut { .. } => "\tStatus: timeout",
        _ => "\tStatus: error\tError Type: Runtime.ExitError",
    };
    report(function, run, None, status);
}

fn report(function: &Function, run: &Run, peak: Option<u64>, status: &str) {
    let Run { request_id, took, init } = run;
    let (function, size) = (&function.logical_id, function.memory_size);
    tracing::debug!(target: "websocket_gateway::function", %function, "END RequestId: {request_id}");
    let billed = (*took + init.unwrap_or_default()).as_secs_f64() * 1000.0;
    let memory = peak.map(|peak| format!("\tMax Memory Used: {peak} MB")).unwrap_or_default();
    let init = init.map(|init| format!("\tInit Duration: {:.2} ms", milliseconds(init))).unwrap_or_default();
    tracing::info!(
        target: "websocket_gateway::function",
        %function,
        "REPORT RequestId: {request_id}\tDuration: {:.2} ms\tBilled Duration: {:.0} ms\tMemory Size: {size} MB{memory}{init}{status}",
        milliseconds(*took),
        billed.ceil(),
    );
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The most memory that a process had at any time, in MB. Only Linux tells.
fn peak_memory(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let kilobytes = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = kilobytes.trim().trim_end_matches(" kB").parse().ok()?;
    Some(kilobytes.div_ceil(1024))
}
