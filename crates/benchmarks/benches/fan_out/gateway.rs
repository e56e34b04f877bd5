//! The gateway's own program, with the queue, the table and the functions as processes.

use std::fs::{self, File};
use std::io::BufReader;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread;

use benchmarks::{Error, process};
use rustix::process::{Pid, Signal, kill_process};

use crate::http::Http;
use crate::log::Log;

const TEMPLATE: &str = include_str!("template.yaml");

/// Which file is the program of which folder of the template.
const FUNCTIONS: [&str; 3] = ["sendmessage", "broadcast", "raw_broadcast"];

/// A running gateway. Dropping it ends it in good order.
#[derive(Debug)]
pub(crate) struct Gateway {
    child: Child,
    pub(crate) log: Arc<Log>,
    /// Where the table is.
    pub(crate) table: SocketAddr,
}

impl Gateway {
    /// Starts it with functions that post to this account: so many workers, and so many posts a second of all of them.
    pub(crate) async fn start(account: SocketAddr, rate: u32, workers: u32) -> Result<Self, Error> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fan_out");
        let programs = Path::new(env!("CARGO_BIN_EXE_raw_broadcast")).with_file_name("");
        for name in FUNCTIONS {
            write_function(&folder.join(name), &programs.join(name), account)?;
        }
        let template = folder.join("template.yaml");
        fs::write(&template, TEMPLATE)?;
        let table = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let mut command = Command::new(programs.join("websocket-gateway"));
        command.args(["--port", "0", "--json", "--no-console", "--template"]).arg(template);
        command.args(["--dynamodb-port", &table.port().to_string()]);
        command.args(["--parameter", &format!("Rate={rate}"), "--parameter", &format!("Workers={workers}")]);
        // What it says comes as JSON.
        command.env("RUST_LOG", "off");
        let for_a_person = folder.join("gateway.log");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(File::create(&for_a_person)?);
        let mut child = command.spawn()?;
        let output = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let log = Arc::<Log>::default();
        let reading = Arc::clone(&log);
        thread::spawn(move || reading.follow(output));
        log.until(|state| state.url.is_some() || state.has_ended).await;
        if log.state().has_ended {
            return Err(format!("the gateway does not start:\n{}", fs::read_to_string(for_a_person)?).into());
        }
        Ok(Self { child, log, table })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// The processes of the workers.
    pub(crate) fn workers(&self) -> Vec<u32> {
        process::children(self.pid(), "broadcast")
    }

    /// Invokes a function with an event, and waits for its end. Returns whether it has succeeded.
    pub(crate) async fn invoke(&self, function: &str, event: &str) -> Result<bool, Error> {
        let url = self.log.state().url.clone().ok_or("the gateway has not started")?;
        let address: SocketAddr = url.trim_start_matches("ws://").split('/').next().unwrap_or_default().parse()?;
        let path = format!("/2015-03-31/functions/{function}/invocations");
        let answer = Http::connect(address).await?.post(&path, "", event).await?;
        if answer.status != 200 {
            return Err(format!("{function} could not be invoked: {}", answer.text).into());
        }
        Ok(!answer.text.contains("x-amz-function-error"))
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // These fail if it has ended already, which is fine.
        let _ = kill_process(Pid::from_child(&self.child), Signal::INT);
        let _ = self.child.wait();
    }
}

/// A function's folder. The gateway tells functions to post to itself; here they post to the account that is played.
fn write_function(folder: &Path, program: &Path, account: SocketAddr) -> Result<(), Error> {
    fs::create_dir_all(folder)?;
    let bootstrap = folder.join("bootstrap");
    let script = format!(
        "#!/bin/sh\n\
        export AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI=http://{account}/prod\n\
        export AWS_LAMBDA_LOG_FORMAT=JSON RUST_LOG=info\n\
        exec '{}'\n",
        program.display()
    );
    fs::write(&bootstrap, script)?;
    Ok(fs::set_permissions(bootstrap, fs::Permissions::from_mode(0o755))?)
}

fn free_port() -> Result<u16, Error> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
