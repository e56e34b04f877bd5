//! Ten thousand clients that come and go.

use std::collections::HashMap;

use futures_util::{StreamExt, stream};
use tokio::time::{Duration, Instant};

use super::{MEMORY_SLACK, Scene};
use crate::Error;
use crate::client::{Client, NotConnected};
use crate::gateway::Workshop;
use crate::journal::{Handshake, Journal};
use crate::report::Report;
use crate::wait::settled;

const CLIENTS: usize = 10_000;

/// How many handshakes, or closes, are under way at once.
const AT_ONCE: usize = 32;

/// How long the last `$disconnect` may take: all of them may wait for one another.
const DISCONNECT_LIMIT: Duration = Duration::from_secs(60);

pub(super) async fn run(report: &mut Report, workshop: &Workshop) -> Result<(), Error> {
    let scene = Scene::new(report, workshop, &[], 29).await?;
    let (quiet, start) = (scene.quiet(), Instant::now());
    let url = &scene.gateway.url;
    let coming = stream::iter(0..CLIENTS).map(|n| come_and_go(url, n));
    let seen: HashMap<String, Handshake> = coming.buffer_unordered(AT_ONCE).collect().await;
    let took = start.elapsed();
    let look = async || Journal::read(&workshop.journal());
    let quiet = quiet.finish().await;
    let journal = settled(DISCONNECT_LIMIT, look, Journal::is_complete).await;
    report.note("connections that came and went", format_args!("{CLIENTS} in {took:.1?}"));
    report.none("clients that were not let in", seen.values().filter(|seen| **seen != Handshake::Opened).count());
    // The quiet client came several times with one tag: its connections must end, but can't be told apart.
    let verdict = journal.verdict(&seen);
    report.none("connections without $disconnect", verdict.without);
    report.none("connections with several", verdict.several);
    report.none("connections that did not open and had one", verdict.not_opened);
    scene.judge(report, &quiet);
    scene.end(report, workshop, MEMORY_SLACK).await
}

/// Every third client closes, every third leaves without a close frame, every third cuts the line.
async fn come_and_go(url: &str, n: usize) -> (String, Handshake) {
    let tag = format!("churn-{n}");
    let seen = match Client::connect(&format!("{url}?tag={tag}")).await {
        Ok(client) => {
            match n % 3 {
                0 => client.close().await,
                1 => client.reset(),
                _ => drop(client),
            }
            Handshake::Opened
        }
        Err(NotConnected::Refused(_)) => Handshake::Refused,
        Err(NotConnected::Broken(_)) => Handshake::Unknown,
    };
    (tag, seen)
}
