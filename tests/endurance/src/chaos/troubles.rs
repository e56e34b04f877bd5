//! What befalls the functions and the store while the clients live.

use std::fs;
use std::time::Duration;

use rustix::process::Signal;
use tokio::sync::{Mutex, mpsc};
use tokio::time::{Instant, sleep, timeout};

use super::plan::{self, Mood, Trouble, WORKER_TIMEOUT};
use super::store::Proxy;
use crate::Error;
use crate::gateway::Workshop;
use crate::process::Process;

/// The program of the worker.
pub(crate) const WORKER: &str = "probe";

/// How long a reload may take: a build that has nothing to do, and tables in a store that may stall.
const RELOAD_LIMIT: Duration = Duration::from_secs(60);

/// How often each trouble came.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) kills: usize,
    pub(crate) reloads: usize,
    /// Templates that the gateway has refused: the broken ones, and good ones while the store fails.
    pub(crate) not_reloaded: usize,
    /// Changes of the template that the gateway said nothing about.
    pub(crate) unnoticed: usize,
    pub(crate) moods: usize,
    /// The longest time from a change, or a broken template and its mending, until the gateway said what it made of it.
    pub(crate) slowest: Duration,
}

/// Reloads the gateway by changing its template.
pub(crate) struct Reloader<'r> {
    pub(crate) workshop: &'r Workshop,
    pub(crate) lines: &'r mut mpsc::Receiver<String>,
    /// What the last good template says.
    pub(crate) round: usize,
}

impl Reloader<'_> {
    /// Replaces all functions; whether the gateway did so, or `None` if it said nothing.
    pub(crate) async fn reload(&mut self) -> Result<Option<bool>, Error> {
        self.round += 1;
        let template = self.workshop.template(WORKER_TIMEOUT, self.round);
        self.change(&template).await
    }

    async fn change(&mut self, template: &str) -> Result<Option<bool>, Error> {
        while self.lines.try_recv().is_ok() {}
        self.workshop.write_template(template)?;
        let told = timeout(RELOAD_LIMIT, async {
            loop {
                let line = self.lines.recv().await?;
                if line.starts_with("Reloaded ") || line == "Nothing to reload" {
                    return Some(true);
                }
                if line.starts_with("Not reloaded") {
                    return Some(false);
                }
            }
        });
        Ok(told.await.ok().flatten())
    }

    async fn break_template(&mut self) -> Result<[Option<bool>; 2], Error> {
        let good = fs::read_to_string(self.workshop.template_path())?;
        let broken = self.change(&good.replace("Resources:", "Resources: [")).await?;
        Ok([broken, self.change(&good).await?])
    }
}

/// Makes trouble until `end`, then leaves everything well.
pub(crate) async fn make(
    seed: u64,
    gateway: Process,
    mut reloader: Reloader<'_>,
    proxy: &Proxy,
    end: Instant,
) -> Result<(Seen, usize), Error> {
    let seen = Mutex::new(Seen::default());
    let kills = async {
        for (pause, trouble) in plan::kills(seed) {
            if !pause_until(pause, end).await {
                break;
            }
            let Trouble::Kill(which) = trouble else { continue };
            let workers: Vec<_> = gateway.children().into_iter().filter(|child| child.runs(WORKER)).collect();
            if let Some(worker) = workers.get(which as usize % workers.len().max(1)) {
                // It may have ended in the meantime.
                seen.lock().await.kills += usize::from(worker.signal(Signal::KILL).is_ok());
            }
        }
    };
    let reloads = async {
        for (pause, trouble) in plan::reloads(seed) {
            if !pause_until(pause, end).await {
                break;
            }
            let since = Instant::now();
            let told = match trouble {
                Trouble::BrokenTemplate => reloader.break_template().await?.to_vec(),
                _ => vec![reloader.reload().await?],
            };
            let mut seen = seen.lock().await;
            seen.slowest = seen.slowest.max(since.elapsed());
            for told in told {
                match told {
                    Some(true) => seen.reloads += 1,
                    Some(false) => seen.not_reloaded += 1,
                    None => seen.unnoticed += 1,
                }
            }
        }
        Ok::<_, Error>(())
    };
    let moods = async {
        for (pause, trouble) in plan::moods(seed) {
            if !pause_until(pause, end).await {
                break;
            }
            let Trouble::Store(mood, lasts) = trouble else { continue };
            proxy.be(mood);
            sleep(lasts).await;
            proxy.be(Mood::Well);
            seen.lock().await.moods += 1;
        }
    };
    let ((), reloaded, ()) = tokio::join!(kills, reloads, moods);
    reloaded?;
    Ok((seen.into_inner(), reloader.round))
}

/// Whether there is still time after the pause.
pub(super) async fn pause_until(pause: Duration, end: Instant) -> bool {
    sleep(pause).await;
    Instant::now() < end
}
