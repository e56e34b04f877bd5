//! Functions as processes: how they are built, what environment they get, what they cost.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};
use std::time::Duration;

use crate::Error;

/// Builds route binaries in the profile of the benchmarks. Only the features that the functions themselves ask for are on, as with `sam
/// build`.
///
/// # Errors
/// If they do not build. Cargo has printed why.
pub fn build<'n>(functions: impl IntoIterator<Item = &'n str>) -> Result<(), Error> {
    build_of("routes", functions)
}

/// Builds the local gateway's own program in the profile of the benchmarks.
///
/// # Errors
/// As [`build`].
pub fn build_gateway() -> Result<(), Error> {
    build_of("websocket-gateway", ["websocket-gateway"])
}

fn build_of<'n>(package: &str, binaries: impl IntoIterator<Item = &'n str>) -> Result<(), Error> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--profile", "bench", "--package", package]);
    build.args(binaries.into_iter().flat_map(|name| ["--bin", name]));
    let built = build.status()?;
    if built.success() { Ok(()) } else { Err(format!("{package} does not build").into()) }
}

/// Reads the sample event with that name.
///
/// # Errors
/// If the file can't be read.
pub fn event(name: &str) -> Result<String, Error> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../events/{name}.json"));
    Ok(fs::read_to_string(path)?)
}

/// Gives a function's process the environment that Lambda and the template would give it, and nothing else. `runtime_api` is a host and a
/// port, `aws` the URL of DynamoDB and of `@connections`.
pub fn environment<'c>(command: &'c mut Command, program: &Path, runtime_api: &str, aws: &str) -> &'c mut Command {
    let name = program.file_name().unwrap_or_default();
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("AWS_LAMBDA_RUNTIME_API", runtime_api)
        .env("AWS_LAMBDA_FUNCTION_NAME", name)
        .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
        .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
        .env("AWS_LAMBDA_LOG_FORMAT", "JSON")
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
        .env("AWS_SESSION_TOKEN", "token")
        .env("AWS_ENDPOINT_URL_DYNAMODB", aws)
        .env("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", format!("{aws}/prod"))
        .env("TABLE_NAME", "connections")
        // Nothing here is large enough to be put there.
        .env("BROADCAST_QUEUE_URL", format!("{aws}/queue"))
}

/// The CPU time of all threads so far. Zero on systems other than Linux.
#[must_use]
pub fn cpu_of(child: &Child) -> Duration {
    let threads = fs::read_dir(format!("/proc/{}/task", child.id())).into_iter().flatten().flatten();
    let ns = threads.filter_map(|thread| {
        let line = fs::read_to_string(thread.path().join("schedstat")).ok()?;
        line.split(' ').next()?.parse::<u64>().ok()
    });
    Duration::from_nanos(ns.sum())
}

/// The most memory that the process has had so far, in KiB. `None` on systems other than Linux.
#[must_use]
pub fn peak_memory_of(child: &Child) -> Option<u64> {
    peak_memory(child.id())
}

/// The same of any process.
#[must_use]
pub fn peak_memory(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

/// The processes that this one has started, if their programs have this file name. None on systems other than Linux.
#[must_use]
pub fn children(parent: u32, program: &str) -> Vec<u32> {
    let runs = |pid: &u32| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name.trim_end() == program);
    all_children(parent).filter(runs).collect()
}

/// The CPU time that a process has used so far, with all that it has started, also those that have ended. Zero on systems other than Linux.
#[must_use]
pub fn cpu_with_children(pid: u32) -> Duration {
    // The unit of the times in `/proc`.
    const TICK: Duration = Duration::from_millis(10);
    // In user and in kernel mode: its own, and that of all who have ended.
    let ticks = (11..=14).filter_map(|field| stat(pid, field)).sum::<u64>();
    let running = all_children(pid).map(cpu_with_children).sum::<Duration>();
    TICK.saturating_mul(ticks.try_into().unwrap_or(u32::MAX)) + running
}

fn all_children(parent: u32) -> impl Iterator<Item = u32> {
    let all = fs::read_dir("/proc").into_iter().flatten().flatten();
    let all = all.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    all.filter(move |pid| stat(*pid, 1) == Some(parent.into()))
}

/// A field of `/proc/PID/stat`, counted from the one after the name.
fn stat(pid: u32, field: usize) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(field)?.parse().ok()
}
