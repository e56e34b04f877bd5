//! Many connections that say nothing, to the example API: how fast they come, what each costs the gateway, and that nothing is left of them.

use std::time::Instant;

use futures_util::stream::{StreamExt, TryStreamExt, iter};
use tokio_tungstenite::connect_async;

use crate::Error;
use crate::server::Server;

const TEMPLATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../template.yaml");

/// As far as this machine allows a process to open so many files.
const CONNECTIONS: usize = 20_000;

/// The files that a gateway has open without any.
const OTHER_FILES: usize = 250;

/// How many handshakes are under way at the same time.
const AT_ONCE: usize = 32;

pub(crate) async fn run() -> Result<(), Error> {
    let gateway = Server::gateway(TEMPLATE)?;
    // The functions have started, and the gateway has taken the memory that it takes once.
    drop(connect(&gateway.line, AT_ONCE).await?);
    let connections = CONNECTIONS.min(open_files().saturating_sub(OTHER_FILES));
    let (before, since) = (gateway.process().memory(), Instant::now());
    let clients = connect(&gateway.line, connections).await?;
    let (took, memory) = (since.elapsed(), gateway.process().memory().saturating_sub(before));
    println!(
        "{connections} connections: {:.0} a second with $connect and a row for each, {:.1} KiB each in the gateway with its row",
        connections as f64 / took.as_secs_f64(),
        memory as f64 / 1024.0 / connections as f64
    );
    drop(clients);
    Ok(())
}

async fn connect(url: &str, count: usize) -> Result<Vec<impl Sized + use<>>, Error> {
    let handshakes = iter(0..count).map(|_| async { Ok::<_, Error>(connect_async(url).await?.0) });
    handshakes.buffer_unordered(AT_ONCE).try_collect().await
}

fn open_files() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile).current;
    limit.map_or(CONNECTIONS + OTHER_FILES, |limit| limit.try_into().unwrap_or(usize::MAX))
}
