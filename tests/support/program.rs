use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use super::root;

/// Built with everything else; beside this test's own binary, which is in `deps`.
fn program() -> PathBuf {
    let deps = std::env::current_exe().unwrap();
    let program = deps.parent().and_then(Path::parent).unwrap().join("websocket-gateway");
    assert!(program.is_file(), "run `cargo test --workspace`: {} is not built", program.display());
    program
}

/// The program itself, at the root of the project, with nothing on its standard input.
pub(crate) fn gateway(arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.current_dir(root()).args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}
