//! What the gateway costs: its own program, in a process of its own, with functions as they are deployed.
//!
//! `cargo bench -p websocket-gateway --bench gateway`.

mod clients;
mod echo;
mod exchange;
mod instances;
mod process;
mod round_trips;
mod server;

/// What any part can end with.
type Error = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Error> {
    // Cargo adds `--bench`.
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // These two are servers that the others start.
        ["echo"] => block_on(echo::serve()),
        ["exchange", callers] => block_on(exchange::measure(callers.parse()?)),
        ["instances"] => block_on(instances::run()),
        _ => block_on(round_trips::run()),
    }
}

/// On as many threads as the gateway's own program has.
fn block_on(work: impl Future<Output = Result<(), Error>>) -> Result<(), Error> {
    let threads = std::thread::available_parallelism()?.get().div_ceil(2);
    tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build()?.block_on(work)
}
