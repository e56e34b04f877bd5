//! Servers in processes of their own, so that their CPU time and memory are measured apart from the clients'.

use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, ChildStdout, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::Error;
use crate::process::Process;

/// A running server. Dropping it ends the process in good order.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    /// What the server printed when it was ready, for example where clients connect.
    pub(crate) line: String,
    /// Kept open, so that the server can go on printing.
    stdout: BufReader<ChildStdout>,
}

impl Server {
    /// Starts the gateway's own program on a free port. It logs warnings only.
    pub(crate) fn gateway(template: &str) -> Result<Self, Error> {
        Self::gateway_with(template, &[])
    }

    /// Does the same as [`Server::gateway`], with further options.
    pub(crate) fn gateway_with(template: &str, options: &[&str]) -> Result<Self, Error> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_websocket-gateway"));
        // What is measured is the gateway, and not the account's throttle.
        let basics = ["--port", "0", "--rate-limit", "off", "--release", "--template", template];
        command.args(basics).args(options).env("RUST_LOG", "warn");
        Self::start(command, "Connect to ")
    }

    /// Starts this program once more, with other arguments. Its first line begins with `ready `.
    pub(crate) fn own(arguments: &[&str]) -> Result<Self, Error> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(arguments);
        Self::start(command, "ready ")
    }

    /// Starts a program whose line that begins with `ready` says that it is.
    pub(crate) fn start(mut command: Command, ready: &str) -> Result<Self, Error> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut line = String::new();
        while stdout.read_line(&mut line)? > 0 {
            if let Some(rest) = line.trim_end().strip_prefix(ready) {
                return Ok(Self { line: rest.to_owned(), child, stdout });
            }
            line.clear();
        }
        Err(format!("{command:?} has not started: {}", child.wait()?).into())
    }

    /// Reads on, to the next line that begins so: what follows in it.
    ///
    /// # Errors
    /// If the server prints no such line and ends.
    pub(crate) fn next_line(&mut self, start: &str) -> Result<String, Error> {
        let mut line = String::new();
        while self.stdout.read_line(&mut line)? > 0 {
            if let Some(rest) = line.trim_end().strip_prefix(start) {
                return Ok(rest.to_owned());
            }
            line.clear();
        }
        Err(format!("the server has ended without a line that begins with {start}").into())
    }

    pub(crate) fn process(&self) -> Process {
        Process(self.child.id())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(pid) = Pid::from_raw(self.child.id().cast_signed()) {
            let _ = kill_process(pid, Signal::INT);
        }
        let _ = self.child.wait();
    }
}

/// Finds a free port, for a server that must be told its port.
///
/// # Errors
/// If no port is free.
pub(crate) fn free_port() -> Result<u16, Error> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
