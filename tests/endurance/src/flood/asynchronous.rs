//! Asynchronous invocations as fast as they can be sent: the queue fills, and what it takes is not lost.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{MEMORY_SLACK, Peak, Scene};
use crate::Error;
use crate::client::tcp;
use crate::conversation::Expected;
use crate::events::{BACKGROUND, Sent, event, judge};
use crate::figures::mib;
use crate::gateway::Workshop;
use crate::http::invoke;
use crate::report::Report;

/// How many callers send at the same time, each over a connection that it keeps.
const CALLERS: usize = 8;

/// The size of an event. Some 250 of them fill the queue.
const BYTES: usize = 256 << 10;

/// What an event takes a process for: twenty processes do forty a second.
const WORK: Duration = Duration::from_millis(500);

/// What the gateway may take: the 64 MiB of its queue, and as much again for events on their way in or out and for the allocator.
const MOST_GROWTH: u64 = 128 << 20;

/// What the allocator keeps of that. More floods take no more: after each of five the process had 111, 120, 120, 119 and 119 MiB.
const KEPT: u64 = MOST_GROWTH - MEMORY_SLACK;

/// How long the last events may take: a full queue takes seven seconds of work, and the machine is busy.
const LAST_EVENTS: Duration = Duration::from_secs(60);

/// No process is killed here.
const SUCCEEDING: usize = 100;

pub(super) async fn run(report: &mut Report, workshop: &Workshop, lasting: Duration) -> Result<(), Error> {
    let _ = std::fs::remove_file(workshop.events());
    let scene = Scene::new(report, workshop, &[], 29).await?;
    let (quiet, peak, end) = (scene.quiet(), Peak::of(scene.gateway.process), Instant::now() + lasting);
    let mut callers = JoinSet::new();
    for caller in 0..CALLERS {
        let address = scene.gateway.address().to_owned();
        callers.spawn(async move { call(&address, caller, end).await });
    }
    let mut sent = Sent::default();
    let flood = async {
        while let Some(caller) = callers.join_next().await {
            sent.add(caller?);
        }
        Ok::<_, Error>(())
    };
    tokio::select! {
        flooded = flood => flooded?,
        () = peak.enough.notified() => {}
    }
    scene.judge(report, &quiet.finish().await);
    report.check("events throttled", sent.throttled > 0, "some", sent.throttled);
    judge(report, workshop, &sent, LAST_EVENTS, SUCCEEDING).await;
    report.memory("highest resident memory", scene.before.resident + MOST_GROWTH, peak.highest());
    report.note("that is more than before by", mib(peak.highest().saturating_sub(scene.before.resident)));
    scene.end(report, workshop, MEMORY_SLACK + KEPT).await
}

async fn call(address: &str, caller: usize, end: Instant) -> Sent {
    let mut sent = Sent::default();
    let mut stream = None;
    for n in 0.. {
        if Instant::now() >= end {
            break;
        }
        let tag = format!("{caller}-{n}");
        let event = event(&tag, vec![json!({ "sleep": WORK.as_millis() as u64 })], true, BYTES);
        let status = async {
            let mut kept = match stream.take() {
                Some(kept) => kept,
                None => tcp(address).await?,
            };
            let status = invoke(&mut kept, BACKGROUND, &event).await;
            stream = Some(kept);
            status
        };
        let status = status.await;
        if status.is_err() {
            stream = None;
        }
        sent.note(tag, Expected::Reply, status);
    }
    sent
}
