//! What the gateway costs: its own program, in a process of its own, with functions as they are deployed.
//!
//! `cargo bench -p websocket-gateway --bench gateway`, or one part of it with `-- round_trips`, `-- connections` or `-- instances` behind
//! that; the last takes five minutes and runs only by its name.

mod clients;
mod connections;
mod echo;
mod exchange;
mod files;
mod instances;
mod process;
mod round_trips;
mod server;
mod table;

/// What any part can end with.
type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Error> {
    // Cargo adds `--bench`.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // These two are servers that the others start.
        ["echo"] => block_on(echo::serve()),
        ["exchange", callers] => block_on(exchange::measure(callers.parse()?)),
        ["round_trips"] => block_on(round_trips::run()),
        ["connections"] => block_on(connections::run()),
        ["instances"] => block_on(instances::run()),
        [] => {
            block_on(round_trips::run())?;
            block_on(connections::run())
        }
        _ => Err("the parts are round_trips, connections and instances".into()),
    }
}

/// On as many threads as the gateway's own program has.
fn block_on(work: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let threads = std::thread::available_parallelism()?.get().div_ceil(2);
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?.block_on(work)
}
