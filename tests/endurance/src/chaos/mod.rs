//! Chaos: clients, functions, the store and the template all misbehave at once, and nobody is forgotten.

mod background;
mod people;
mod plan;
mod queue;
mod store;
mod troubles;

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use tokio::time::Instant;

use crate::Error;
use crate::client::{Client, Heard};
use crate::conversation::{Tally, message};
use crate::events;
use crate::figures::mib;
use crate::gateway::{Gateway, Workshop};
use crate::http::Table;
use crate::journal::Journal;
use crate::process::Usage;
use crate::queue::Queue;
use crate::report::Report;
use crate::wait::settled;
use people::IDLE;
use plan::WORKER_TIMEOUT;
use store::Proxy;
use troubles::{Reloader, Seen, WORKER};

/// How many clients live at once: enough to keep all twenty processes of a two-core machine busy at times.
const CLIENTS: u64 = 24;

/// How long the clients live undisturbed, before memory is measured for the first time. Later, buffers and tables have their sizes.
const WARM_UP: Duration = Duration::from_secs(8);

/// How long everything may take to come to rest: the longest that an idle connection lasts, and what the store's last calls take.
const REST_LIMIT: Duration = Duration::from_secs(40);

/// What memory may have grown. An allocator keeps pages that hold a single living block; ten thousand lost connections or answers would
/// be several times this.
const MEMORY_SLACK: u64 = 24 << 20;

/// Sockets that the system has not closed yet, and connections to the store that are kept for the next request.
const FILES_SLACK: usize = 8;

/// Threads for blocking work end after ten idle seconds; one may just have been used.
const THREADS_SLACK: usize = 2;

/// How long a change of the template may take to be served or refused: a build that has nothing to do, on a machine that is busy with
/// everything else, and a store that stalls for two and a half seconds.
const RELOAD_AT_MOST: Duration = Duration::from_secs(20);

/// The part of the messages that were meant to succeed, in percent, that must do so. Kills and reloads hit a few; a gateway that
/// answered everything with error frames would keep every other promise.
const SUCCEEDING: usize = 80;

pub(crate) async fn run(report: &mut Report, workshop: &Workshop, seed: u64, lasting: Duration) -> Result<(), Error> {
    println!("seed {seed}");
    let free_port = || -> Result<_, Error> { Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port()) };
    let (port, queue_port) = (free_port()?.to_string(), free_port()?);
    let template = workshop.write_template(&workshop.template(WORKER_TIMEOUT, 0))?;
    // With functions that run elsewhere it builds and starts none. Only its store is used; all it asks of elsewhere is an open port.
    let elsewhere = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let lambda = format!("http://{}", elsewhere.local_addr()?);
    let store_options = ["--lambda-endpoint", &lambda, "--dynamodb-port", &port, "--sqs-port", "0"];
    let store = workshop.start("store", &template, "warn,dynoxide=error", &store_options).await?;
    let proxy = Proxy::start(format!("127.0.0.1:{port}")).await?;
    let idle = format!("{}s", IDLE.as_secs());
    let of_queues = queue_port.to_string();
    let options = ["--dynamodb-endpoint", &proxy.url, "--idle-timeout", &idle, "--sqs-port", &of_queues];
    let mut gateway = workshop.start("gateway", &template, "info", &options).await?;

    let mut round = 0;
    let warm_up = people::live(&gateway.url, "calm", seed, CLIENTS, Instant::now() + WARM_UP).await?;
    at_rest(workshop, &mut gateway, &mut round).await?;
    let before = gateway.process.usage();

    let (end, address) = (Instant::now() + lasting, gateway.address().to_owned());
    let reloader = Reloader { workshop, lines: &mut gateway.lines, round };
    let [jobs, dead_jobs] = ["jobs", "dead-jobs"].map(|name| Queue::named(name, queue_port));
    let (people, troubles, sent, queued) = tokio::join!(
        people::live(&gateway.url, "wild", seed, CLIENTS, end),
        troubles::make(seed, gateway.process, reloader, &proxy, end),
        background::send(&address, seed, end),
        queue::send(&jobs, seed, end)
    );
    let (mut people, (troubles, last_round)) = (people?, troubles?);
    people.add(warm_up);
    round = last_round;

    done(report, &people, &troubles, &proxy.seen());
    answers(report, &people, &troubles, [sent.accepted.len(), queued.accepted.len()]);
    let look = async || Journal::read(&workshop.journal());
    let journal = settled(REST_LIMIT, look, Journal::is_complete).await;
    report.note(
        "connections that the witness accepted, refused",
        format_args!("{}, {}", journal.accepted(), journal.refused()),
    );
    let verdict = journal.verdict(&people.handshakes);
    report.none("connections that opened and had no $disconnect", verdict.without);
    report.none("connections that had several $disconnect", verdict.several);
    report.none("connections that did not open and had a $disconnect", verdict.not_opened);
    report.none("handshakes of which client and function say opposite things", verdict.contradictions);

    rows(report, &port, &proxy).await?;
    events::judge(report, workshop, &sent, REST_LIMIT, SUCCEEDING).await;
    queue::judge(report, queued, &workshop.jobs(), &dead_jobs, REST_LIMIT, SUCCEEDING).await;
    left_over(report, workshop, &mut gateway, round, before).await?;
    still_serves(report, &gateway.url).await;
    end_of(report, workshop, gateway, "the gateway").await?;
    let _ = store.stop().await?;
    Ok(())
}

/// Replaces all functions while nobody is connected, and waits until no process is left. The usage of one such moment can be compared with
/// that of another.
async fn at_rest(workshop: &Workshop, gateway: &mut Gateway, round: &mut usize) -> Result<(bool, usize), Error> {
    let mut reloader = Reloader { workshop, lines: &mut gateway.lines, round: *round };
    let reloaded = reloader.reload().await? == Some(true);
    *round = reloader.round;
    let process = gateway.process;
    let left = settled(REST_LIMIT, async || process.children().len(), |left| *left == 0).await;
    Ok((reloaded, left))
}

fn done(report: &mut Report, people: &people::Seen, troubles: &Seen, store: &store::Seen) {
    report.part("what was done");
    report.note("connections asked for", people.handshakes.len());
    report.note("ends", format_args!("{:?}", people.ends));
    report.note("handshakes refused, by status", format_args!("{:?}", people.statuses));
    report.note("stalls", people.stalls);
    let shown = |tally: &Tally| {
        let Tally { messages, replies, errors, to_fail, .. } = tally;
        format!("{messages} ({to_fail} to fail), {replies} replies, {errors} error frames")
    };
    report.note("messages of clients that stayed", shown(&people.stayed));
    report.note("messages of clients that left", shown(&people.left));
    report.note("processes killed", troubles.kills);
    report.note("templates served, refused", format_args!("{}, {}", troubles.reloads, troubles.not_reloaded));
    report.note("requests to the store, spoilt", format_args!("{}, {}", store.requests, store.spoilt));
    report.note("times that the store failed", troubles.moods);
    report.part("chaos");
}

fn answers(report: &mut Report, people: &people::Seen, troubles: &Seen, [events, jobs]: [usize; 2]) {
    let stayed = &people.stayed;
    report.none("messages of clients that stayed without a reply or an error frame", stayed.missing);
    report.none("replies too many, or to what must fail", stayed.surplus + people.left.surplus);
    report.none("clients that wanted to stay and lost the connection", people.lost.len());
    people.lost.iter().take(5).for_each(|lost| report.note("for example", lost));
    let to_succeed = stayed.messages - stayed.to_fail;
    let percent = stayed.replies * 100 / to_succeed.max(1);
    report.check(
        "messages meant to succeed that did",
        percent >= SUCCEEDING,
        format_args!("{SUCCEEDING} %"),
        format_args!("{percent} %"),
    );
    report.none("changes of the template that the gateway said nothing about", troubles.unnoticed);
    let (most, slowest) = (RELOAD_AT_MOST, troubles.slowest);
    report.check(
        "the slowest reload",
        slowest <= most,
        format_args!("at most {most:?}"),
        format_args!("{slowest:.1?}"),
    );
    let Seen { kills, reloads, not_reloaded, moods, .. } = *troubles;
    let all = [kills, reloads, not_reloaded, moods, people.stalls, people.ends.len() / 4, events, jobs];
    report.check(
        "troubles that came at least once",
        all.iter().all(|count| *count > 0),
        "all",
        format_args!("{all:?}"),
    );
}

async fn rows(report: &mut Report, port: &str, proxy: &Proxy) -> Result<(), Error> {
    let left = Table::at(&format!("127.0.0.1:{port}")).await?.ids().await?;
    let spoilt = proxy.seen().about;
    let unexplained = left.iter().filter(|id| !spoilt.contains(*id)).count();
    report.note("rows left where the store failed", left.len() - unexplained);
    report.none("other rows left", unexplained);
    Ok(())
}

async fn left_over(
    report: &mut Report,
    workshop: &Workshop,
    gateway: &mut Gateway,
    mut round: usize,
    before: Usage,
) -> Result<(), Error> {
    let process = gateway.process;
    let cpus = std::thread::available_parallelism()?.get();
    let children = process.children();
    let of_worker = children.iter().filter(|child| child.runs(WORKER)).count();
    report.at_most("idle processes of the worker, also in the background", cpus * 20, of_worker);
    report.at_most("idle processes of all functions", cpus * 30, children.len());
    let (reloaded, left) = at_rest(workshop, gateway, &mut round).await?;
    report.check("a reload after the chaos", reloaded, "is served", reloaded);
    report.none("processes left after a reload has replaced all functions", left);

    let calm = move |usage: &Usage| {
        usage.files <= before.files + FILES_SLACK
            && usage.threads <= before.threads + THREADS_SLACK
            && usage.resident <= before.resident + MEMORY_SLACK
    };
    let after = settled(REST_LIMIT, async || process.usage(), calm).await;
    report.at_most("open files", before.files + FILES_SLACK, after.files);
    report.at_most("threads", before.threads + THREADS_SLACK, after.threads);
    report.note("resident memory before", mib(before.resident));
    report.memory("resident memory", before.resident + MEMORY_SLACK, after.resident);
    Ok(())
}

async fn still_serves(report: &mut Report, url: &str) {
    let answer = match Client::connect(&format!("{url}?tag=last")).await {
        Ok(mut client) => {
            let answer = client.ask(message(0, Vec::new(), 0)).await;
            client.close().await;
            answer.map_err(|error| error.to_string())
        }
        Err(why) => Err(format!("{why:?}")),
    };
    let is_right = answer.as_ref().is_ok_and(|heard| *heard == Heard::Text("#0#".to_owned()));
    report.check("a new client", is_right, "is served", format_args!("{answer:?}"));
}

/// Stops the gateway, and looks whether anything stays behind.
pub(crate) async fn end_of(
    report: &mut Report,
    workshop: &Workshop,
    gateway: Gateway,
    name: &str,
) -> Result<(), Error> {
    let status = gateway.stop().await?;
    let kept = status.is_some_and(|status| status.code() == Some(0));
    report.check(&format!("Ctrl-C ends {name}"), kept, "exit code 0", format_args!("{status:?}"));
    report.none("processes of functions after that", workshop.functions_left().await);
    Ok(())
}
