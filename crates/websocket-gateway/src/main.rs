//! `websocket-gateway`: starts a [`Gateway`] from the command line.

mod cli;
mod console;

use std::process::ExitCode;

use clap::Parser;
use cli::{Cli, Task};
use tokio::signal::unix::{Signal, SignalKind, signal};
use websocket_gateway::lambda::BuildError;
use websocket_gateway::{Gateway, StartError};

/// The command line or the template is wrong: the author has something to mend.
const WRONG_INPUT: u8 = 2;

#[tokio::main]
async fn main() -> ExitCode {
    let task = Cli::parse().into_task();
    console::log_to_stderr();
    let options = match task {
        Task::Start(options) => options,
        Task::Env(options) => {
            return match websocket_gateway::environment(&options) {
                Ok(environment) => {
                    console::show_environment(&environment);
                    ExitCode::SUCCESS
                }
                Err(error) => fail(error),
            };
        }
    };
    let interrupts = match Interrupts::new() {
        Ok(interrupts) => interrupts,
        Err(error) => {
            tracing::error!("can't listen for Ctrl-C: {error}");
            return ExitCode::FAILURE;
        }
    };
    match run(options, interrupts).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(error),
    }
}

async fn run(options: websocket_gateway::Options, mut interrupts: Interrupts) -> Result<(), StartError> {
    let gateway = tokio::select! {
        started = Gateway::start(options) => started?,
        () = interrupts.next() => return Ok(()),
    };
    console::show_where(&gateway);
    interrupts.next().await;
    console::show_stopping();
    tokio::select! {
        () = gateway.stop() => {}
        () = interrupts.next() => {}
    }
    Ok(())
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
    console::show_error(error);
    ExitCode::from(code)
}

fn is_of_the_template(error: &BuildError) -> bool {
    matches!(error, BuildError::NoManifest { .. } | BuildError::NoBinaryNamed { .. } | BuildError::UnknownBinary { .. })
}
