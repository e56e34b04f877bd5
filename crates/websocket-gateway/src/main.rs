//! `websocket-gateway`: starts a [`Gateway`] from the command line, to serve or to send it sample events.

mod cli;
mod console;
mod open_files;
mod reload;
mod report;
mod samples;

use std::process::ExitCode;
use std::thread;
use std::time::SystemTime;

use clap::Parser;
use cli::{Cli, Work};
use samples::Sending;
use tokio::signal::unix::{Signal, SignalKind, signal};
use websocket_gateway::lambda::BuildError;
use websocket_gateway::{Gateway, Options, StartError};

/// The command line, the template or an event is wrong: the author has something to mend.
const WRONG_INPUT: u8 = 2;

fn main() -> ExitCode {
    let (options, work) = Cli::parse().into_work();
    console::log_to_stderr();
    open_files::allow_as_many_as_possible();
    // The functions need the other half, and the fewer threads there are, the fewer wake each other for every message.
    let threads = thread::available_parallelism().map_or(1, usize::from).div_ceil(2);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(perform(options, work)),
        Err(error) => {
            tracing::error!("can't start threads: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn perform(options: Options, work: Work) -> ExitCode {
    if matches!(work, Work::ShowEnvironment) {
        return show_environment(&options);
    }
    // Before Ctrl-C is listened for: it must end one who waits for standard input.
    let sending = match Sending::prepare(work) {
        Ok(sending) => sending,
        Err(error) => {
            console::show_error(&error);
            return ExitCode::from(WRONG_INPUT);
        }
    };
    let interrupts = match Interrupts::new() {
        Ok(interrupts) => interrupts,
        Err(error) => {
            tracing::error!("can't listen for Ctrl-C: {error}");
            return ExitCode::FAILURE;
        }
    };
    match run(options, sending, interrupts).await {
        Ok(code) => code,
        Err(error) => fail(error),
    }
}

fn show_environment(options: &Options) -> ExitCode {
    match websocket_gateway::environment(options) {
        Ok(environment) => {
            console::show_environment(&environment);
            ExitCode::SUCCESS
        }
        Err(error) => fail(error),
    }
}

/// Serves until Ctrl-C, or until everything is sent. Events that were not sent because of Ctrl-C are a failure.
async fn run(options: Options, sending: Option<Sending>, mut interrupts: Interrupts) -> Result<ExitCode, StartError> {
    let started = SystemTime::now();
    // Before the build, which takes long.
    if let Some(error) = sending.as_ref().and_then(|sending| sending.refused_by(&options.read_template().ok()?.api)) {
        console::show_error(&error);
        return Ok(ExitCode::from(WRONG_INPUT));
    }
    let interrupted = if sending.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    let gateway = tokio::select! {
        started = Gateway::start(options) => started?,
        () = interrupts.next() => return Ok(interrupted),
    };
    let code = match sending {
        None => {
            console::show_where(&gateway);
            tokio::select! {
                () = reload::keep_up(&gateway, started) => {}
                () = interrupts.next() => {}
            }
            console::show_stopping();
            interrupted
        }
        Some(sending) => tokio::select! {
            code = sending.run(&gateway) => code,
            () = interrupts.next() => interrupted,
        },
    };
    tokio::select! {
        () = gateway.stop() => {}
        () = interrupts.next() => {}
    }
    Ok(code)
}

/// Ctrl-C, what a supervisor sends, and a terminal that is closed.
struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Interrupts {
    fn new() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.hang_up.recv() => {}
        }
    }
}

fn fail(error: StartError) -> ExitCode {
    let code = match &error {
        StartError::Template(_) => WRONG_INPUT,
        StartError::Build(error) if is_of_the_template(error) => WRONG_INPUT,
        _ => 1,
    };
    console::show_start_error(error);
    ExitCode::from(code)
}

fn is_of_the_template(error: &BuildError) -> bool {
    matches!(error, BuildError::NoManifest { .. } | BuildError::NoBinaryNamed { .. } | BuildError::UnknownBinary { .. })
}
