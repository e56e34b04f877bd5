//! The command line: what to do, what the terminal shows, exit codes.

mod arguments;
mod check;
mod new;
mod open_files;
mod reload;
mod results;
mod samples;
mod starter;
mod terminal;

use std::process::ExitCode;
use std::thread;
use std::time::SystemTime;

use clap::Parser;
use tokio::signal::unix::{Signal, SignalKind, signal};
use websocket_gateway::{BuildError, Gateway, Level, Options, StartError};

use arguments::{Arguments, Task, Work};
use samples::Sending;

/// The exit code for a command line, a template or an event that is wrong: the author has something to mend.
const WRONG_INPUT: u8 = 2;

pub(crate) fn main() -> ExitCode {
    let (options, work) = match Arguments::parse().into_task() {
        Task::New(new) => return new.make(),
        Task::Check(options, check) => return check.run(&options),
        Task::Api(options, work) => (*options, work),
    };
    terminal::log_to_stderr();
    open_files::allow_as_many_as_possible();
    // The functions need the other half of the CPUs; and with fewer threads, fewer of them wake each other for every message.
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
    let prints_json = matches!(work, Work::Serve { json: true, .. });
    let time_stands = matches!(work, Work::Serve { time_stands: true, .. });
    if prints_json {
        terminal::leave_stdout_to_programs();
    }
    // Before the program listens for Ctrl-C, which must end a program that waits for standard input.
    let sending = match Sending::prepare(work) {
        Ok(sending) => sending,
        Err(error) => {
            terminal::show_error(&error);
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
    match run(options, sending, prints_json, time_stands, interrupts).await {
        Ok(code) => code,
        Err(error) => fail(error),
    }
}

fn show_environment(options: &Options) -> ExitCode {
    match websocket_gateway::environment(options) {
        Ok(environment) => {
            terminal::show_environment(&environment);
            ExitCode::SUCCESS
        }
        Err(error) => fail(error),
    }
}

/// Serves until Ctrl-C, or until everything is sent. Events that were not sent because of Ctrl-C are a failure.
async fn run(
    options: Options,
    sending: Option<Sending>,
    prints_json: bool,
    time_stands: bool,
    mut interrupts: Interrupts,
) -> Result<ExitCode, StartError> {
    let started = SystemTime::now();
    // Before the build, which takes long.
    if let Some(error) = sending.as_ref().and_then(|sending| sending.refused_by(&options.read_template().ok()?.api)) {
        terminal::show_error(&error);
        return Ok(ExitCode::from(WRONG_INPUT));
    }
    let interrupted = if sending.is_some() { ExitCode::FAILURE } else { ExitCode::SUCCESS };
    // A program chooses for itself what it needs.
    let level = if prints_json { Level::Detail } else { Level::logged().unwrap_or(Level::Error) };
    let (gateway, happenings) = tokio::select! {
        started = Gateway::start_with_happenings(options, level) => started?,
        () = interrupts.next() => return Ok(interrupted),
    };
    let lines =
        if prints_json { terminal::print_happenings(happenings) } else { terminal::show_happenings(happenings) };
    let code = match sending {
        None => {
            terminal::show_where(&gateway, time_stands);
            tokio::select! {
                () = reload::keep_up(&gateway, started) => {}
                () = interrupts.next() => {}
            }
            terminal::show_stopping();
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
    lines.finish().await;
    Ok(code)
}

/// The signals that end the program: Ctrl-C, a supervisor's SIGTERM, and a closed terminal.
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
        StartError::Template(_) | StartError::AllowHost { .. } | StartError::Certificate(_) => WRONG_INPUT,
        StartError::Build(error) if is_of_the_template(error) => WRONG_INPUT,
        _ => 1,
    };
    terminal::show_start_error(error);
    ExitCode::from(code)
}

fn is_of_the_template(error: &BuildError) -> bool {
    matches!(
        error,
        BuildError::NoManifest { .. }
            | BuildError::NoPackage { .. }
            | BuildError::NoBinaryNamed { .. }
            | BuildError::UnknownBinary { .. }
    )
}
