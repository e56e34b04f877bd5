//! More clients than the gateway has room for. They are told so, or hung up on at once; those that are in stay, and so does the quiet client.

use std::collections::HashMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::dead_work::recovered;
use super::{MEMORY_SLACK, Scene};
use crate::Error;
use crate::client::{Client, NotConnected, tcp};
use crate::conversation::message;
use crate::gateway::Workshop;
use crate::journal::{Handshake, Journal};
use crate::report::Report;
use crate::wait::settled;

/// How many files the gateway may open. It keeps 512 for all else than clients, of which 256 are for connections that only ask for something.
const FILES: usize = 1_200;
const ROOM: usize = FILES - 512;
const RESERVE: usize = 256;

/// The quiet client takes a place, and a client of its warm-up may not have given back its own.
const FEWER: usize = 8;

/// How many connect at once.
const AT_ONCE: usize = 16;

/// How long a client may wait until it knows that there is no room: nothing is asked of a function.
const KNOWN_WITHIN: Duration = Duration::from_secs(5);

/// How long it may take until there is room again when everybody leaves: hundreds of `$disconnect`s run, and silent clients have ten seconds.
const ROOM_AGAIN_WITHIN: Duration = Duration::from_secs(30);

/// What becomes of the clients for which there is no room.
#[derive(Debug, Default)]
struct Turned {
    /// Answered with 503.
    away: usize,
    /// Hung up on without a word.
    off: usize,
    let_in: usize,
    strange: Vec<String>,
    slowest: Duration,
}

pub(super) async fn run(report: &mut Report, workshop: &Workshop, lasting: Duration) -> Result<(), Error> {
    let _ = std::fs::remove_file(workshop.journal());
    let template = workshop.write_template(&workshop.template(29, 0))?;
    let gateway = workshop.start_with_files(FILES, "gateway", &template).await?;
    let scene = Scene::of(report, gateway, "?tag=quiet", message(0, Vec::new(), 0)).await?;
    let (quiet, url) = (scene.quiet(), scene.gateway.url.clone());

    let coming = stream::iter(0..FILES).map(|n| come(&url, n)).buffered(AT_ONCE);
    let (mut crowd, mut handshakes, mut turned) = (Vec::new(), HashMap::new(), Turned::default());
    for (tag, came) in coming.collect::<Vec<_>>().await {
        let came = came.map(|client| crowd.push(client));
        handshakes.insert(tag, if came.is_ok() { Handshake::Opened } else { Handshake::Refused });
        turned.note(came, Duration::ZERO);
    }
    let promised = ROOM - FEWER..=ROOM;
    report.check(
        "clients let in",
        promised.contains(&crowd.len()),
        format_args!("{} to {ROOM}", ROOM - FEWER),
        crowd.len(),
    );
    report.none("others not answered with 503", turned.off + turned.strange.len());

    let silent = silent(scene.gateway.address()).await?;
    report.note("connections that say nothing", format_args!("{}, hung up on at once: {}", silent.0.len(), silent.1));
    let flood = flood(&url, Instant::now() + lasting).await?;
    let seen = quiet.finish().await;
    report.note("clients turned away with 503, hung up on", format_args!("{}, {}", flood.away, flood.off));
    report.check("both", flood.away > 0 && flood.off + silent.1 > 0, "at least once", "above");
    report.none("clients let in, though there is no room", flood.let_in);
    report.none("clients of which something else became", flood.strange.len());
    flood.strange.iter().take(3).for_each(|strange| report.note("for example", strange));
    report.check(
        "the longest that one waited for that",
        flood.slowest <= KNOWN_WITHIN,
        format_args!("at most {KNOWN_WITHIN:?}"),
        format_args!("{:.1?}", flood.slowest),
    );
    scene.judge(report, &seen);

    drop((crowd, silent));
    let again = recovered(&url).await;
    let kept = again.is_some_and(|again| again <= ROOM_AGAIN_WITHIN);
    let shown = format!("{again:.1?}");
    report.check("room for a new client", kept, format_args!("within {ROOM_AGAIN_WITHIN:?}"), shown);
    let look = async || Journal::read(&workshop.journal());
    let journal = settled(ROOM_AGAIN_WITHIN, look, Journal::is_complete).await;
    let verdict = journal.verdict(&handshakes);
    report.none("connections without $disconnect, or with several", verdict.without + verdict.several);
    report.none("connections that did not open and had one", verdict.not_opened);
    scene.end(report, workshop, MEMORY_SLACK).await
}

async fn come(url: &str, n: usize) -> (String, Result<Client, NotConnected>) {
    let tag = format!("crowd-{n}");
    let client = Client::connect(&format!("{url}?tag={tag}")).await;
    (tag, client)
}

/// Connections that say nothing, more than are kept for whoever has no room. Returns those that last, and how many do not.
async fn silent(address: &str) -> Result<(Vec<TcpStream>, usize), Error> {
    let (mut lasting, mut hung_up) = (Vec::new(), 0);
    for _ in 0..RESERVE + AT_ONCE {
        let mut stream = tcp(address).await?;
        match timeout(Duration::from_millis(20), stream.read(&mut [0])).await {
            Ok(_) => hung_up += 1,
            Err(_) => lasting.push(stream),
        }
    }
    Ok((lasting, hung_up))
}

/// Clients that try as fast as they can.
async fn flood(url: &str, end: Instant) -> Result<Turned, Error> {
    let mut all = JoinSet::new();
    for n in 0..AT_ONCE {
        let url = format!("{url}?tag=late-{n}");
        all.spawn(async move {
            let mut turned = Turned::default();
            while Instant::now() < end {
                let start = Instant::now();
                let came = Client::connect(&url).await;
                turned.note(came.map(Client::reset), start.elapsed());
            }
            turned
        });
    }
    let mut turned = Turned::default();
    while let Some(one) = all.join_next().await {
        turned.add(one?);
    }
    Ok(turned)
}

impl Turned {
    fn note(&mut self, came: &Result<(), NotConnected>, took: Duration) {
        match came {
            Ok(()) => self.let_in += 1,
            Err(NotConnected::Refused(503)) => self.away += 1,
            Err(NotConnected::Refused(status)) => self.strange.push(format!("status {status}")),
            // How the end looks depends on how much had been sent by then.
            Err(NotConnected::Broken(_)) => self.off += 1,
        }
        self.slowest = self.slowest.max(took);
    }

    fn add(&mut self, other: Self) {
        self.away += other.away;
        self.off += other.off;
        self.let_in += other.let_in;
        self.strange.extend(other.strange);
        self.slowest = self.slowest.max(other.slowest);
    }
}
