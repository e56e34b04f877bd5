//! Chaos, soak and flood: whether the gateway keeps its promises under load and faults. `README.md` says what they are.

mod chaos;
mod client;
mod conversation;
mod events;
mod figures;
mod flood;
mod gateway;
mod http;
mod journal;
mod process;
mod queue;
mod quiet;
mod random;
mod report;
mod soak;
mod wait;

use std::process::ExitCode;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::{Parser, Subcommand};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use gateway::Workshop;
use report::Report;

/// The error of a run that can't go on. A promise that is broken is not an error.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// Runs the gateway's program under load and faults, and says which promises it keeps.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    run: Run,
    /// Builds the gateway and the functions with optimisations, which takes minutes.
    #[arg(long, global = true)]
    release: bool,
}

#[derive(Debug, Subcommand)]
enum Run {
    /// Clients, functions, the store and the template all misbehave at once.
    Chaos {
        /// Repeats a run.
        #[arg(long)]
        seed: Option<u64>,
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Half of the greatest rate for a long time, while connections come and go.
    Soak {
        #[arg(long, default_value_t = 30.0)]
        minutes: f64,
    },
    /// One client or many that take all they can get, while a quiet one wants to be served.
    Flood {
        /// All, if none is named.
        kinds: Vec<flood::Kind>,
        /// How long a client floods.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    allow_many_open_files();
    match tokio::runtime::Runtime::new().map_err(Error::from).and_then(|runtime| runtime.block_on(perform(arguments))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether every promise was kept. If so, nothing is left on the disk.
async fn perform(arguments: Arguments) -> Result<bool, Error> {
    let workshop = Workshop::new(arguments.release).await?;
    let mut report = Report::default();
    let ran = match arguments.run {
        Run::Chaos { seed, seconds } => {
            let seed = seed.unwrap_or_else(new_seed);
            chaos::run(&mut report, &workshop, seed, Duration::from_secs(seconds)).await
        }
        Run::Soak { minutes } => soak::run(&mut report, &workshop, Duration::try_from_secs_f64(minutes * 60.0)?).await,
        Run::Flood { kinds, seconds } => flood::run(&mut report, &workshop, &kinds, Duration::from_secs(seconds)).await,
    };
    let kept = report.finish();
    if ran.is_ok() && kept {
        workshop.clear();
    } else {
        println!("the logs and the journal: {}", workshop.folder.display());
    }
    ran.map(|()| kept)
}

/// Short enough to be typed.
fn new_seed() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| u64::from(time.subsec_nanos()))
}

/// Shells start programs with a limit of 1,024, mostly. The gateway raises its own.
fn allow_many_open_files() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    // If it can't be raised, the runs with many clients say that they can't connect.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
