use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::own_folder;

/// A PostgreSQL of one test, on a port of its own, in a folder of its own.
pub(crate) struct Postgres {
    /// Where its programs are.
    programs: PathBuf,
    folder: PathBuf,
    pub(crate) url: String,
}

impl Postgres {
    /// `None` where PostgreSQL is not installed; then standard error says so.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            // `eprintln!` would be captured.
            let _ =
                writeln!(std::io::stderr(), "SKIPPED the test with a database: PostgreSQL's `initdb` is not installed");
            return None;
        };
        let folder = own_folder("postgres");
        let mut server = Self { programs, folder, url: String::new() };
        server.run("initdb", &["--auth", "trust", "--username", "postgres", "--no-sync"]);
        // Only now, because somebody else may get the port until it is used.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        server.url = format!("postgres://postgres@127.0.0.1:{port}/postgres");
        let options = format!("-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off");
        let log = server.folder.join("log");
        server.run("pg_ctl", &["start", "--wait", "--silent", "--log", log.to_str().unwrap(), "--options", &options]);
        Some(server)
    }

    /// Runs statements, and returns the first value of the last.
    pub(crate) fn sql(&self, statements: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.args([&self.url, "--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--command", statements]);
        let output = succeeded(psql.output().unwrap(), statements);
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Runs a program about the server's folder.
    fn run(&self, program: &str, arguments: &[&str]) {
        let path = self.programs.join(program);
        // PostgreSQL refuses to run as root.
        let mut command = if rustix::process::geteuid().is_root() {
            let mut setpriv = Command::new("setpriv");
            setpriv.args(["--reuid=postgres", "--regid=postgres", "--clear-groups"]).arg(path);
            setpriv
        } else {
            Command::new(path)
        };
        command.current_dir(std::env::temp_dir()).arg("--pgdata").arg(&self.folder).args(arguments);
        // Not its standard output: the server would hold the pipe open.
        command.stdout(std::process::Stdio::null());
        succeeded(command.stderr(std::process::Stdio::inherit()).output().unwrap(), program);
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.run("pg_ctl", &["stop", "--mode", "immediate", "--silent"]);
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn succeeded(output: Output, what: &str) -> Output {
    assert!(output.status.success(), "{what}: {}", String::from_utf8_lossy(&output.stderr));
    output
}

/// The folder of a PostgreSQL: one in `PATH`, or where Debian has it.
fn programs() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let debian = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let debian = debian.map(|version| version.path().join("bin"));
    std::env::split_paths(&path).chain(debian).find(|folder: &PathBuf| has(folder, "initdb") && has(folder, "psql"))
}

fn has(folder: &Path, program: &str) -> bool {
    folder.join(program).is_file()
}
