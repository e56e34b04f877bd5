//! What Lambda does between a queue and a function: it receives messages, invokes the function with a batch of them, and deletes those that are done.
//!
//! - `poller` receives the messages of one event source, for as long as a deployment is served,
//! - `batch` is what becomes of one batch,
//! - `failures` reads which of its messages a function reports as failed.

mod batch;
mod failures;
mod poller;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::api::limits::FIRST_BATCHES;
use crate::api::{Api, EventSource};
use crate::clock::Clock;
use crate::happenings::HappeningSender;
use crate::lambda::Functions;
use crate::sqs::QueueStore;
use poller::Poller;

/// How many batches of all event sources may be in progress at the same time: a tenth of Lambda's concurrency, so that they never take it all from
/// the messages of clients.
const BATCHES: usize = 100;

/// What all pollers share.
#[derive(Clone, Debug)]
pub(crate) struct Polling {
    pub(crate) store: QueueStore,
    pub(crate) clock: Clock,
    pub(crate) happenings: HappeningSender,
    /// Where the pollers run, and the batches that are in progress.
    pub(crate) tasks: TaskTracker,
    /// Set when the gateway stops.
    pub(crate) stopping: CancellationToken,
}

/// The pollers of the deployment that is served.
#[derive(Debug)]
pub(crate) struct EventSources {
    polling: Polling,
    /// The turns of all batches.
    turns: Arc<Semaphore>,
    running: Mutex<Running>,
}

#[derive(Debug, Default)]
struct Running {
    /// The pollers stop receiving when this is dropped.
    receiving: Option<DropGuard>,
    /// How many batches each source may have in progress. Sources of before and after a reload share it, unless it has changed.
    limits: HashMap<(String, String), (usize, Arc<Semaphore>)>,
}

impl EventSources {
    pub(crate) fn new(polling: Polling) -> Self {
        Self { polling, turns: Arc::new(Semaphore::new(BATCHES)), running: Mutex::default() }
    }

    /// Polls for a deployment from now on, and no more for the one before: its batches that are in progress end as they are.
    pub(crate) fn poll_for(&self, api: &Arc<Api>, functions: &Functions) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        let receiving = self.polling.stopping.child_token();
        running.receiving = Some(receiving.clone().drop_guard());
        let before = std::mem::take(&mut running.limits);
        for source in &api.event_sources {
            let function = functions.get_or_absent(&source.function);
            // Why not is in the log already.
            if !function.is_somewhere() {
                continue;
            }
            let Some(queue) = api.queues.iter().find(|queue| queue.name == source.queue) else { continue };
            let limit = limit(source, &before);
            running.limits.insert(key(source), limit.clone());
            let poller = Poller {
                source: source.clone(),
                queue: queue.clone(),
                region: api.account.region.clone(),
                function,
                polling: self.polling.clone(),
                own_turns: limit.1,
                turns: Arc::clone(&self.turns),
                receiving: receiving.clone(),
            };
            self.polling.tasks.spawn(poller.run());
        }
    }
}

fn key(source: &EventSource) -> (String, String) {
    (source.queue.clone(), source.function.clone())
}

fn limit(source: &EventSource, before: &HashMap<(String, String), (usize, Arc<Semaphore>)>) -> (usize, Arc<Semaphore>) {
    let most = source.maximum_concurrency.unwrap_or(FIRST_BATCHES);
    match before.get(&key(source)) {
        Some(limit) if limit.0 == most => limit.clone(),
        _ => (most, Arc::new(Semaphore::new(most))),
    }
}
