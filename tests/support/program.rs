use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::LazyLock;

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::{in_time, root};

/// Beside this test's own binary, which is in `deps`. Cargo builds it for its own package's tests only, so this makes sure of it.
fn program() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let mut cargo = std::process::Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "--bin", "websocket-gateway"]).current_dir(root());
        about_this_package().for_each(|name| {
            cargo.env_remove(name);
        });
        assert!(cargo.status().unwrap().success());
        let deps = std::env::current_exe().unwrap();
        deps.parent().and_then(Path::parent).unwrap().join("websocket-gateway")
    });
    &PROGRAM
}

/// The program itself, at the root of the project, with nothing on its standard input.
pub(crate) fn gateway(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.current_dir(root()).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

/// What cargo tells a test about its own package. Some build scripts run again if that differs from what a shell has.
fn about_this_package() -> impl Iterator<Item = String> {
    let names = std::env::vars().map(|(name, _)| name);
    names.filter(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
}

/// Hides from cargo, or from what calls it, that a test has started it.
pub(crate) fn as_from_a_shell(command: &mut Command) -> &mut Command {
    about_this_package().for_each(|name| {
        command.env_remove(name);
    });
    command
}

/// Starts it, and waits until it says where to connect.
pub(crate) async fn serving(command: &mut Command) -> (Child, String) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    // Until then it builds, which takes as long as it takes.
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(url) = line.strip_prefix("Connect to ") {
            return (child, url.to_owned());
        }
    }
    panic!("the gateway did not start");
}

pub(crate) fn signal(child: &Child, signal: Signal) {
    kill_process(pid(child.id().unwrap()), signal).unwrap();
}

pub(crate) fn pid(id: u32) -> Pid {
    Pid::from_raw(id.cast_signed()).unwrap()
}

pub(crate) async fn end(child: &mut Child) -> ExitStatus {
    in_time("the end of the gateway", child.wait()).await.unwrap()
}
