//! Counts that are the same from run to run, however busy the machine is.

use std::io;
use std::process::{Child, Command};

use crate::Error;

/// Instructions that a process executed until it ended, as callgrind tells them on standard error.
pub const INSTRUCTIONS: Tool = Tool { name: "callgrind", out: "--callgrind-out-file=/dev/null", line: "Collected : " };
/// Blocks that a process allocated until it ended, as DHAT tells them. A reallocation counts as one.
pub const ALLOCATIONS: Tool = Tool { name: "dhat", out: "--dhat-out-file=/dev/null", line: "bytes in " };

/// One of Valgrind's tools.
#[derive(Clone, Copy, Debug)]
pub struct Tool {
    name: &'static str,
    out: &'static str,
    /// The text before the count.
    line: &'static str,
}

impl Tool {
    /// Returns the command `valgrind` with this tool. The caller adds the program and its arguments.
    #[must_use]
    pub fn command(self) -> Command {
        let mut valgrind = Command::new("valgrind");
        valgrind.arg(format!("--tool={}", self.name)).arg(self.out);
        valgrind
    }

    /// Finds the count in what Valgrind printed.
    ///
    /// # Errors
    /// If there is no count. The error holds what was printed.
    pub fn count(self, printed: &str) -> Result<u64, Error> {
        let after = printed.lines().find_map(|line| line.split_once(self.line)).map(|(_, after)| after);
        let number =
            after.map(|after| after.chars().filter(|c| *c != ',').take_while(char::is_ascii_digit).collect::<String>());
        number
            .and_then(|number| number.parse().ok())
            .ok_or_else(|| format!("valgrind printed no count:\n{printed}").into())
    }
}

/// Whether Valgrind is installed. If not, this prints how to get it.
#[must_use]
pub fn is_installed() -> bool {
    let found = Command::new("valgrind").arg("--version").output().is_ok_and(|version| version.status.success());
    if !found {
        println!(
            "Valgrind is not installed, so no instructions are counted: there are only timings, which vary on a shared machine."
        );
        println!("On Debian and Ubuntu: apt install valgrind. Linux only.\n");
    }
    found
}

/// Returns what a child process has written to its standard error, up to its end.
///
/// # Errors
/// If it can't be read.
pub fn standard_error(child: &mut Child) -> io::Result<String> {
    child.stderr.take().map(io::read_to_string).transpose().map(Option::unwrap_or_default)
}
