use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::LazyLock;

use tokio::process::Command;

use super::root;

/// Beside this test's own binary, which is in `deps`. Cargo builds it for its own package's tests only, so this makes sure of it.
fn program() -> &'static Path {
    static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let build = ["build", "--quiet", "--bin", "websocket-gateway"];
        assert!(std::process::Command::new(cargo).current_dir(root()).args(build).status().unwrap().success());
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
