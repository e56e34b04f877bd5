//! What the gateway costs: its own program, in a process of its own, with functions as they are deployed.
//!
//! `cargo bench -p websocket-gateway --bench gateway`, or one part of it with `-- round_trips`, `-- connections`, `-- console`,
//! `-- languages` or `-- instances` behind that; the last three take minutes and run only by their names. The exit code is 1 where a goal is missed that was met before.

mod clients;
mod connections;
mod console;
mod echo;
mod exchange;
mod files;
// The other benchmarks use the same file. A dependency on their crate would bring the AWS SDK into this crate's tests.
#[path = "../../../benchmarks/src/goals.rs"]
#[allow(unreachable_pub, reason = "it is public in the crate that it comes from")]
mod goals;
mod instances;
mod languages;
mod process;
mod round_trips;
mod server;
mod table;

use goals::Goals;

/// The error of every part.
type Error = Box<dyn std::error::Error + Send + Sync>;

/// Two thirds of the CPU time are the kernel's, for the three sends and three receives that each message takes; more than a quarter goes into
/// waking the process at the other end and into the switch to it. The clients' part, the echo alone, is 0.12 to 0.25 of an exchange. The
/// system's limit of open files, less the files that the gateway keeps for itself, limits the connections.
const KNOWN_TO_BE_MISSED: [&str; 6] = [
    "the gateway's CPU µs for a message of 10 clients",
    "answers to 10 clients as a multiple of the exchange's",
    "answers to 100 clients as a multiple of the exchange's",
    "answers to 1000 clients as a multiple of the exchange's",
    "connections, with $connect",
    "connections, no $connect",
];

fn main() -> Result<(), Error> {
    // Cargo adds `--bench`, which is not for this program.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let mut goals = Goals::new(&KNOWN_TO_BE_MISSED);
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // The other parts start these two as processes of their own.
        ["echo"] => return block_on(echo::serve()),
        ["exchange", callers] => return block_on(exchange::measure(callers.parse()?)),
        ["round_trips"] => block_on(round_trips::run(&mut goals))?,
        ["connections"] => block_on(connections::run(&mut goals))?,
        ["console"] => block_on(console::run(&mut goals))?,
        ["languages"] => block_on(languages::run(&mut goals))?,
        // It has no goals.
        ["instances"] => return block_on(instances::run()),
        [] => {
            block_on(round_trips::run(&mut goals))?;
            block_on(connections::run(&mut goals))?;
        }
        _ => return Err("the parts are round_trips, connections, console, languages and instances".into()),
    }
    Ok(goals.finish()?)
}

/// Runs on as many threads as the gateway's own program.
fn block_on(work: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let threads = std::thread::available_parallelism()?.get().div_ceil(2);
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?.block_on(work)
}
