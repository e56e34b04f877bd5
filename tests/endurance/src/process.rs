//! What a process uses and what it has started, from Linux's `/proc`.

use std::fs;
use std::io;

use rustix::process::{Pid, Signal, kill_process};

/// A process by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Process(pub(crate) u32);

/// What a process uses at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Usage {
    /// The memory that it has in use (`VmRSS`), in bytes.
    pub(crate) resident: u64,
    pub(crate) files: usize,
    pub(crate) threads: usize,
}

impl Process {
    pub(crate) fn usage(self) -> Usage {
        let status = self.read("status");
        let number = |name: &str| -> Option<u64> {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse().ok()
        };
        Usage {
            resident: number("VmRSS:").unwrap_or(0) * 1024,
            files: fs::read_dir(self.path("fd")).map_or(0, Iterator::count),
            threads: number("Threads:").map_or(0, |threads| threads as usize),
        }
    }

    /// The processes that it has started and that are still there. One that has ended and was not waited for counts, too.
    pub(crate) fn children(self) -> Vec<Self> {
        all().into_iter().filter(|process| process.parent() == Some(self.0)).collect()
    }

    /// Whether the file name of its program is this.
    pub(crate) fn runs(self, program: &str) -> bool {
        self.read("comm").trim_end() == program
    }

    /// Whether its environment sets a variable to this.
    pub(crate) fn has(self, name: &str, value: &str) -> bool {
        let wanted = format!("{name}={value}");
        // A process that is gone has no environment.
        fs::read(self.path("environ")).is_ok_and(|all| all.split(|byte| *byte == 0).any(|one| one == wanted.as_bytes()))
    }

    /// The local ports at which it listens.
    pub(crate) fn ports(self) -> Vec<u16> {
        let files = fs::read_dir(self.path("fd")).into_iter().flatten().flatten();
        let open: Vec<_> = files.filter_map(|file| fs::read_link(file.path()).ok()).collect();
        let table = self.read("net/tcp");
        let listening = table.lines().skip(1).filter_map(|line| {
            let fields: Vec<_> = line.split_whitespace().collect();
            let inode = format!("socket:[{}]", fields.get(9)?);
            let is_open = *fields.get(3)? == "0A" && open.iter().any(|file| file.to_str() == Some(&inode));
            let port = fields.get(1)?.split_once(':')?.1;
            if is_open { u16::from_str_radix(port, 16).ok() } else { None }
        });
        let mut ports: Vec<_> = listening.collect();
        ports.sort_unstable();
        ports
    }

    pub(crate) fn signal(self, signal: Signal) -> io::Result<()> {
        let pid = Pid::from_raw(self.0.cast_signed()).ok_or_else(|| io::Error::other("not a process id"))?;
        Ok(kill_process(pid, signal)?)
    }

    fn parent(self) -> Option<u32> {
        let stat = self.read("stat");
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
    }

    fn read(self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap_or_default()
    }

    fn path(self, file: &str) -> String {
        format!("/proc/{}/{file}", self.0)
    }
}

/// All processes of this machine.
pub(crate) fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Process)).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_process_sees_itself() {
        let own = Process(std::process::id());
        let usage = own.usage();
        assert!(usage.resident > 1 << 20 && usage.files >= 3 && usage.threads >= 1, "{usage:?}");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(own.ports().contains(&listener.local_addr().unwrap().port()));
        let mut command = Command::new("yes");
        let mut child = command.env("ENDURANCE_TEST", "yes").stdout(Stdio::piped()).spawn().unwrap();
        // A process that has just been started may not have its name and its environment yet. One that writes does.
        child.stdout.as_mut().unwrap().read_exact(&mut [0]).unwrap();
        let process = Process(child.id());
        assert!(own.children().contains(&process) && process.runs("yes") && process.has("ENDURANCE_TEST", "yes"));
        process.signal(Signal::KILL).unwrap();
        child.wait().unwrap();
        assert!(!own.children().contains(&process) && !process.has("ENDURANCE_TEST", "yes"));
    }
}
