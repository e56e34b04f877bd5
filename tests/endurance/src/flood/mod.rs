//! Floods: some clients take all they can get, and one other wants to be served meanwhile.

mod asynchronous;
mod broadcast;
mod churn;
mod connections;
mod dead_work;
mod half_handshakes;
mod queue;
mod slow_reader;
mod tunnels;
mod viewers;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use clap::ValueEnum;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep};

use crate::Error;
use crate::chaos::end_of;
use crate::conversation::message;
use crate::figures::{mib, ms};
use crate::gateway::{Gateway, Workshop};
use crate::process::{Process, Usage};
use crate::quiet::{Quiet, Sample, p99};
use crate::report::Report;
use crate::wait::settled;

/// What to flood with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    SlowReader,
    HalfHandshakes,
    Churn,
    Broadcast,
    DeadWork,
    Asynchronous,
    Connections,
    Queue,
    Viewers,
    Tunnels,
}

/// How often the quiet client asks.
const EVERY: Duration = Duration::from_millis(50);

/// How long it is measured alone.
const ALONE: Duration = Duration::from_secs(10);

/// What was promised of its p99 during a flood.
const SLOWER: f64 = 5.0;

/// At this much resident memory a flood ends, so that the machine survives it.
const ABORT_AT: u64 = 1536 << 20;

/// What may be left when the flood's clients are gone: the allocator's pages, and the processes that were started.
const MEMORY_SLACK: u64 = 32 << 20;

/// Five files for each process of a function, twenty processes on two cores, two functions; and some.
const FILES_SLACK: usize = 250;

/// How long after the flood.
const REST_LIMIT: Duration = Duration::from_secs(30);

pub(crate) async fn run(
    report: &mut Report,
    workshop: &Workshop,
    kinds: &[Kind],
    lasting: Duration,
) -> Result<(), Error> {
    for kind in if kinds.is_empty() { Kind::value_variants() } else { kinds } {
        report.part(kind.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned()).as_str());
        match kind {
            Kind::SlowReader => slow_reader::run(report, workshop, lasting).await?,
            Kind::HalfHandshakes => half_handshakes::run(report, workshop).await?,
            Kind::Churn => churn::run(report, workshop).await?,
            Kind::Broadcast => broadcast::run(report, workshop).await?,
            Kind::DeadWork => dead_work::run(report, workshop, lasting).await?,
            Kind::Asynchronous => asynchronous::run(report, workshop, lasting).await?,
            Kind::Connections => connections::run(report, workshop, lasting).await?,
            Kind::Queue => queue::run(report, workshop, lasting).await?,
            Kind::Viewers => viewers::run(report, workshop, lasting).await?,
            Kind::Tunnels => tunnels::run(report, workshop, lasting).await?,
        }
    }
    Ok(())
}

/// A gateway with a quiet client.
struct Scene {
    gateway: Gateway,
    /// What the quiet client asks, and at which query.
    question: (String, String),
    alone: Option<Duration>,
    before: Usage,
}

impl Scene {
    /// With the API of the runs.
    async fn new(report: &Report, workshop: &Workshop, options: &[&str], worker_timeout: u32) -> Result<Self, Error> {
        let _ = std::fs::remove_file(workshop.journal());
        let template = workshop.write_template(&workshop.template(worker_timeout, 0))?;
        let gateway = workshop.start("gateway", &template, "error", options).await?;
        Self::of(report, gateway, "?tag=quiet", message(0, Vec::new(), 0)).await
    }

    /// Measures the quiet client alone, the first time for warming up.
    async fn of(report: &Report, gateway: Gateway, query: &str, question: String) -> Result<Self, Error> {
        let mut scene = Self { gateway, question: (query.to_owned(), question), alone: None, before: Usage::default() };
        for lasting in [ALONE / 5, ALONE] {
            let quiet = scene.quiet();
            sleep(lasting).await;
            scene.alone = p99(&quiet.finish().await?);
        }
        scene.before = scene.gateway.process.usage();
        report.note("resident memory before", mib(scene.before.resident));
        Ok(scene)
    }

    fn quiet(&self) -> Quiet {
        let (query, question) = &self.question;
        Quiet::start(format!("{}{query}", self.gateway.url), question.clone(), EVERY)
    }

    /// What the quiet client has seen during the flood.
    fn judge(&self, report: &mut Report, seen: &Result<Vec<Sample>, Error>) {
        let samples = seen.as_deref().unwrap_or_default();
        let worst = samples.iter().map(|sample| sample.took).max().unwrap_or_default();
        report.note("answers to the quiet client, and the slowest", format_args!("{}, {}", samples.len(), ms(worst)));
        let why = seen.as_ref().err().map(ToString::to_string);
        report.check("the quiet client", why.is_none(), "stays connected", format_args!("{why:?}"));
        report.none("error frames for the quiet client", samples.iter().filter(|sample| sample.failed).count());
        report.times("p99 of the quiet client, against alone", SLOWER, self.alone, p99(samples));
    }

    /// Looks what is left when the flood's clients are gone, and stops the gateway.
    async fn end(self, report: &mut Report, workshop: &Workshop, memory_slack: u64) -> Result<(), Error> {
        let (process, before) = (self.gateway.process, self.before);
        let (files, memory) = (before.files + FILES_SLACK, before.resident + memory_slack);
        let calm = move |usage: &Usage| usage.files <= files && usage.resident <= memory;
        let after = settled(REST_LIMIT, async || process.usage(), calm).await;
        report.at_most("open files after the flood", files, after.files);
        report.memory("resident memory after the flood", memory, after.resident);
        end_of(report, workshop, self.gateway, "the gateway").await
    }
}

/// Follows the memory of a process.
struct Peak {
    highest: Arc<AtomicU64>,
    /// Notified when the process has so much memory that the flood must end.
    enough: Arc<Notify>,
    following: JoinHandle<()>,
}

/// Often enough for a process that takes a gigabyte in seconds.
const LOOK: Duration = Duration::from_millis(50);

impl Peak {
    fn of(process: Process) -> Self {
        let (highest, enough) = (Arc::<AtomicU64>::default(), Arc::new(Notify::new()));
        let (seen, stop) = (Arc::clone(&highest), Arc::clone(&enough));
        let following = tokio::spawn(async move {
            let mut looks = interval(LOOK);
            loop {
                looks.tick().await;
                let resident = process.usage().resident;
                seen.fetch_max(resident, Ordering::Relaxed);
                if resident > ABORT_AT {
                    stop.notify_one();
                }
            }
        });
        Self { highest, enough, following }
    }

    fn highest(&self) -> u64 {
        self.highest.load(Ordering::Relaxed)
    }
}

impl Drop for Peak {
    fn drop(&mut self) {
        self.following.abort();
    }
}
