//! Soak: half of the greatest rate for a long time, while connections come and go. Nothing may grow, and nothing may get slower.

use std::collections::HashMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

use crate::Error;
use crate::chaos::end_of;
use crate::client::{Client, Heard};
use crate::conversation::message;
use crate::figures::{median, mib, percentile};
use crate::gateway::Workshop;
use crate::http::Table;
use crate::journal::{Handshake, Journal};
use crate::process::Usage;
use crate::quiet::{Sample, ask, between};
use crate::report::Report;
use crate::wait::settled;

/// How many clients talk.
const CLIENTS: u32 = 10;

/// How long they talk as fast as they can. The first second starts the functions and does not count.
const FASTEST: Duration = Duration::from_secs(6);
const FASTEST_WARM_UP: Duration = Duration::from_secs(1);

/// How often another client comes, asks once, and leaves.
const COMING: Duration = Duration::from_millis(200);

/// The first and the last part of the run that are compared. In a short run they are a fifth of it.
const PART: Duration = Duration::from_secs(60);

/// How often the process is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// What the middle value of the last part may exceed that of the first by. A leak of 100 bytes for each message would be 80 MiB and more
/// after half an hour at 500 messages a second; the allocator and the store's caches move by a few MiB.
const MEMORY_SLACK: u64 = 8 << 20;

/// The connections of the moment and what they have just closed.
const FILES_SLACK: usize = 20;
const THREADS_SLACK: usize = 2;

/// What was promised of the last part's p99.
const SLOWER: f64 = 1.5;

/// How long the last `$disconnect` may take.
const REST_LIMIT: Duration = Duration::from_secs(20);

const WORKER_TIMEOUT: u32 = 29;

pub(crate) async fn run(report: &mut Report, workshop: &Workshop, lasting: Duration) -> Result<(), Error> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port().to_string();
    let template = workshop.write_template(&workshop.template(WORKER_TIMEOUT, 0))?;
    let gateway = workshop.start("gateway", &template, "error", &["--dynamodb-port", &port]).await?;
    report.part("the greatest rate");
    let greatest = greatest_rate(&gateway.url).await?;
    report.note("messages a second", format_args!("{greatest:.0}"));

    report.part("soak, at half of it");
    let every = Duration::from_secs_f64(2.0 * f64::from(CLIENTS) / greatest.max(1.0));
    let stop = Arc::new(AtomicBool::new(false));
    let mut talking = JoinSet::new();
    for n in 0..CLIENTS {
        let client =
            Client::connect(&format!("{}?tag=steady-{n}", gateway.url)).await.map_err(|why| format!("{why:?}"))?;
        let stop = Arc::clone(&stop);
        talking.spawn(async move { ask(client, &message(0, Vec::new(), 0), every, &stop).await });
    }
    let coming = tokio::spawn(come_and_go(gateway.url.clone(), Arc::clone(&stop)));
    let mut usages = Vec::new();
    let (start, mut looks) = (Instant::now(), interval(LOOK));
    while start.elapsed() < lasting {
        looks.tick().await;
        usages.push(gateway.process.usage());
    }
    stop.store(true, Ordering::Relaxed);
    let mut samples: Vec<Sample> = Vec::new();
    while let Some(one) = talking.join_next().await {
        samples.extend(one??);
    }
    let (mut handshakes, broken) = coming.await?;

    let part = PART.min(lasting / 5);
    report.note("messages answered", samples.len());
    report.note("connections that came and went", handshakes.len());
    report.none("messages answered with an error frame", samples.iter().filter(|sample| sample.failed).count());
    report.none("clients that came and were not served", broken);
    let p99 = |from, to| percentile(&between(&samples, from, to), 99);
    report.times(
        "p99 of the last part, against the first",
        SLOWER,
        p99(part, part * 2),
        p99(lasting.saturating_sub(part), lasting),
    );
    flat(report, &usages, part.as_secs() as usize);

    handshakes.extend((0..CLIENTS).map(|n| (format!("steady-{n}"), Handshake::Opened)));
    handshakes.extend((0..CLIENTS).map(|n| (format!("fast-{n}"), Handshake::Opened)));
    let journal = settled(REST_LIMIT, async || Journal::read(&workshop.journal()), Journal::is_complete).await;
    let verdict = journal.verdict(&handshakes);
    report.check(
        "connections and their $disconnect",
        verdict == Default::default(),
        "one each",
        format_args!("{verdict:?}"),
    );
    report.none("rows left", Table::at(&format!("127.0.0.1:{port}")).await?.ids().await?.len());
    end_of(report, workshop, gateway, "the gateway").await
}

/// Answers a second, with all clients in a closed loop.
async fn greatest_rate(url: &str) -> Result<f64, Error> {
    let mut loops = JoinSet::new();
    for n in 0..CLIENTS {
        let mut client = Client::connect(&format!("{url}?tag=fast-{n}")).await.map_err(|why| format!("{why:?}"))?;
        loops.spawn(async move {
            let (start, mut answers) = (Instant::now(), 0_u32);
            while start.elapsed() < FASTEST {
                if let Heard::End(why) = client.ask(message(0, Vec::new(), 0)).await? {
                    return Err(Error::from(why));
                }
                answers += u32::from(start.elapsed() > FASTEST_WARM_UP);
            }
            client.close().await;
            Ok(answers)
        });
    }
    let mut answers = 0;
    while let Some(one) = loops.join_next().await {
        answers += one??;
    }
    Ok(f64::from(answers) / (FASTEST - FASTEST_WARM_UP).as_secs_f64())
}

/// Clients that ask once. Every third leaves without a close frame, every third cuts the line. Returns what they have seen, and how many were
/// not served.
async fn come_and_go(url: String, stop: Arc<AtomicBool>) -> (HashMap<String, Handshake>, usize) {
    let (mut handshakes, mut broken) = (HashMap::new(), 0);
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        sleep(COMING).await;
        let tag = format!("guest-{n}");
        let Ok(mut client) = Client::connect(&format!("{url}?tag={tag}")).await else {
            broken += 1;
            handshakes.insert(tag, Handshake::Unknown);
            continue;
        };
        handshakes.insert(tag, Handshake::Opened);
        let served = client.ask(message(0, Vec::new(), 0)).await.is_ok_and(|heard| matches!(heard, Heard::Text(_)));
        broken += usize::from(!served);
        match n % 3 {
            0 => client.close().await,
            1 => client.reset(),
            _ => drop(client),
        }
    }
    (handshakes, broken)
}

/// Compares the part after the first with the last.
fn flat(report: &mut Report, usages: &[Usage], part: usize) {
    let part = part.clamp(1, usages.len().max(1));
    let first = &usages[part.min(usages.len())..(part * 2).min(usages.len())];
    let last = &usages[usages.len().saturating_sub(part)..];
    let middle = |usages: &[Usage], of: fn(&Usage) -> u64| median(&usages.iter().map(of).collect::<Vec<_>>());
    let both = |of| middle(first, of).zip(middle(last, of));
    let (Some(memory), Some(files), Some(threads)) =
        (both(|usage| usage.resident), both(|usage| usage.files as u64), both(|usage| usage.threads as u64))
    else {
        return report.check("looks at the process", false, "two parts to compare", usages.len());
    };
    report.note("resident memory in the first part", mib(memory.0));
    report.memory("resident memory in the last part", memory.0 + MEMORY_SLACK, memory.1);
    report.at_most("open files in the last part", files.0 as usize + FILES_SLACK, files.1 as usize);
    report.at_most("threads in the last part", threads.0 as usize + THREADS_SLACK, threads.1 as usize);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_flat(usages: impl Iterator<Item = Usage>) -> bool {
        let mut report = Report::default();
        flat(&mut report, &usages.collect::<Vec<_>>(), 60);
        report.finish()
    }

    #[test]
    fn what_grows_is_not_flat() {
        let steady = Usage { resident: 30 << 20, files: 50, threads: 4 };
        assert!(is_flat((0..600).map(|_| steady)));
        // The warm-up before the first part does not count.
        assert!(is_flat((0..600).map(|n| Usage { resident: if n < 60 { 1 << 20 } else { 30 << 20 }, ..steady })));
        assert!(!is_flat((0..600).map(|n| Usage { resident: (30 << 20) + n * (32 << 10), ..steady })));
        assert!(!is_flat((0..600).map(|n| Usage { files: 50 + n / 20, ..steady })));
        assert!(!is_flat((0..600).map(|n| Usage { threads: 4 + n / 100, ..steady })));
        assert!(!is_flat(std::iter::empty()));
    }
}
