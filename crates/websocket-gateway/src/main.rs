//! `websocket-gateway`: the program around the library's [`Gateway`](websocket_gateway::Gateway).

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
