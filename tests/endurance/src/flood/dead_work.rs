//! More work than the functions can do: how soon is the gateway itself again when nobody sends any more?

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep, timeout};
use tokio_tungstenite::tungstenite::Message;

use super::{MEMORY_SLACK, Peak, Scene};
use crate::Error;
use crate::client::{Client, Heard};
use crate::conversation::{Conversation, Expected, message};
use crate::figures::mib;
use crate::gateway::Workshop;
use crate::report::Report;

/// Each message takes a process of the worker for three seconds: twenty processes do seven messages a second.
const CLIENTS: u32 = 10;
const RATE: u32 = 200;
const WORK: Duration = Duration::from_secs(3);

/// The worker's `Timeout`.
const WORKER_TIMEOUT: u32 = 29;

/// Served well again.
const SOON: Duration = Duration::from_secs(1);

/// How long after the last message: callers wait 29 s at most, and the last work that began for one of them takes three.
const RECOVERED_WITHIN: Duration = Duration::from_secs(35);

/// When to give up looking.
const GIVEN_UP: Duration = Duration::from_secs(120);

/// What the waiting messages may take: 12,000 of them in a minute, some kilobytes each.
const MOST_GROWTH: u64 = 128 << 20;

/// How long the flood's clients wait for their last answers, after the last message.
const LAST_ANSWERS: Duration = Duration::from_secs(45);

pub(super) async fn run(report: &mut Report, workshop: &Workshop, lasting: Duration) -> Result<(), Error> {
    let scene = Scene::new(report, workshop, &[], WORKER_TIMEOUT).await?;
    let peak = Peak::of(scene.gateway.process);
    let flood = async {
        let mut clients = JoinSet::new();
        for n in 0..CLIENTS {
            let url = format!("{}?tag=work-{n}", scene.gateway.url);
            clients.spawn(async move { work(&url, lasting).await });
        }
        let mut all = Vec::new();
        while let Some(client) = clients.join_next().await {
            all.push(client?);
        }
        Ok::<_, Error>(all)
    };
    let recovery = async {
        sleep(lasting).await;
        recovered(&scene.gateway.url).await
    };
    let (flood, recovered) = tokio::join!(flood, recovery);
    let (mut messages, mut replies, mut errors, mut missing, mut surplus) = (0, 0, 0, 0, 0);
    for conversation in flood? {
        let tally = conversation?.tally(true);
        messages += tally.messages;
        replies += tally.replies;
        errors += tally.errors;
        missing += tally.missing;
        surplus += tally.surplus;
    }
    report.note("messages, replies, error frames", format_args!("{messages}, {replies}, {errors}"));
    report.none("messages without a reply or an error frame", missing);
    report.none("answers too many", surplus);
    report.memory("highest resident memory", scene.before.resident + MOST_GROWTH, peak.highest());
    report.note("that is more than before by", mib(peak.highest().saturating_sub(scene.before.resident)));
    let shown = recovered.map_or_else(|| format!("not within {GIVEN_UP:?}"), |took| format!("after {took:.1?}"));
    let kept = recovered.is_some_and(|took| took <= RECOVERED_WITHIN);
    report.check(
        "a client is served within a second again",
        kept,
        format_args!("after at most {RECOVERED_WITHIN:?}"),
        shown,
    );
    scene.end(report, workshop, MEMORY_SLACK).await
}

/// Sends at its share of the rate, and reads.
async fn work(url: &str, lasting: Duration) -> Result<Conversation, Error> {
    let client = Client::connect(url).await.map_err(|why| format!("{why:?}"))?;
    let (mut sender, mut receiver) = client.0.split();
    let mut conversation = Conversation::default();
    let (start, mut ticks) = (Instant::now(), interval(Duration::from_secs(1) * CLIENTS / RATE));
    let order = json!({ "sleep": WORK.as_millis() as u64 });
    loop {
        let sending = start.elapsed() < lasting;
        if !sending && (conversation.outstanding() == 0 || start.elapsed() > lasting + LAST_ANSWERS) {
            return Ok(conversation);
        }
        tokio::select! {
            _ = ticks.tick() => if sending {
                let number = conversation.add(Expected::Reply);
                sender.send(Message::text(message(number, vec![order.clone()], 0))).await?;
            },
            frame = receiver.next() => match frame {
                Some(Ok(Message::Text(text))) => conversation.hear(&Heard::of(text.as_str())),
                Some(Ok(_)) => {}
                _ => return Ok(conversation),
            },
        }
    }
}

/// How long it takes until a new client is served soon.
pub(super) async fn recovered(url: &str) -> Option<Duration> {
    let start = Instant::now();
    while start.elapsed() < GIVEN_UP {
        let served = async {
            let mut client = Client::connect(&format!("{url}?tag=quiet")).await.ok()?;
            matches!(client.ask(message(0, Vec::new(), 0)).await, Ok(Heard::Text(_))).then_some(())
        };
        // Whoever is not served soon leaves.
        if let Ok(Some(())) = timeout(SOON, served).await {
            return Some(start.elapsed());
        }
        sleep(SOON / 4).await;
    }
    None
}
