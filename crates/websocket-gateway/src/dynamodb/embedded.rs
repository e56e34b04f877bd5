//! The embedded DynamoDB: a thread that does one request after the other, and the queue in front of it.

use std::any::Any;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use bytes::Bytes;
use dynoxide::{Database, DynoxideError};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::data::Data;
use super::{Operation, unreadable};

/// How many requests may wait for the store. It does some ten thousand small ones a second, so the last of them would wait for a tenth of one.
const WAITING: usize = 1_024;

/// How many bytes the bodies of waiting requests may have together: eight of the largest, which have 16 MiB.
const WAITING_BYTES: usize = 128 * 1024 * 1024;

/// How long a request may take, with its time in the queue. The largest answer, 1 MB of a `Scan`, takes some ten milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often expired rows are removed. DynamoDB itself promises to remove them within a few days.
const SWEEP: Duration = Duration::from_secs(60);

/// [`PATIENCE`] and [`SWEEP`], which tests shorten.
#[derive(Clone, Copy, Debug)]
struct Times {
    patience: Duration,
    sweep: Duration,
}

/// An embedded DynamoDB. It ends when this is dropped, after the requests that are waiting.
#[derive(Debug)]
pub(crate) struct Embedded {
    queue: Queue,
    /// The thread ends when this is dropped.
    open: Option<Arc<SyncSender<Request>>>,
    thread: Option<JoinHandle<()>>,
}

/// Why the embedded DynamoDB can't be started.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EmbeddedError {
    #[error("the embedded DynamoDB can't be opened: {0}")]
    Open(String),
    #[error("the embedded DynamoDB can't be started: {0}")]
    Start(#[from] io::Error),
    #[error("the directory {} can't be created: {source}; choose another one with --data-dir", .directory.display())]
    Directory { directory: PathBuf, source: io::Error },
}

/// Where requests wait for the store. A clone is the same queue.
#[derive(Clone, Debug)]
pub(crate) struct Queue {
    requests: Weak<SyncSender<Request>>,
    bytes: Arc<Semaphore>,
    patience: Duration,
}

/// Why a request has no answer.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    /// The operation has failed, and says so in DynamoDB's words.
    #[error("{0}")]
    Refused(DynoxideError),
    /// What has failed is the database, in words that are not for its caller.
    #[error("{0}")]
    Failed(String),
    #[error("too many requests are waiting for the store")]
    Busy,
    #[error("a request took longer than {} s", .0.as_secs())]
    Late(Duration),
    #[error("a request made it panic: {0}")]
    Panicked(String),
    #[error("{0}")]
    NotOpen(String),
    #[error("the gateway is stopping")]
    Ended,
}

#[derive(Debug)]
struct Request {
    operation: Operation,
    body: Bytes,
    since: Instant,
    answer: oneshot::Sender<Result<String, Unanswered>>,
    _room: OwnedSemaphorePermit,
}

impl Embedded {
    /// Starts it with its data in memory, or in a file in `data_dir`.
    pub(crate) fn start(data_dir: Option<&Path>) -> Result<Self, EmbeddedError> {
        let data = data_dir.map_or_else(Data::in_memory, Data::in_directory)?;
        let times = Times { patience: PATIENCE, sweep: SWEEP };
        Self::start_with(times, move || data.open())
    }

    fn start_with(
        times: Times,
        open: impl Fn() -> Result<Database, EmbeddedError> + Send + 'static,
    ) -> Result<Self, EmbeddedError> {
        let database = open()?;
        let (requests, waiting) = sync_channel(WAITING);
        let requests = Arc::new(requests);
        let bytes = Arc::new(Semaphore::new(WAITING_BYTES));
        let queue = Queue { requests: Arc::downgrade(&requests), bytes, patience: times.patience };
        let worker = Worker { open: Box::new(open), database: Some(database), times };
        // It runs SQLite, which blocks, so it must not share a thread with the connections that wait for it.
        let thread = std::thread::Builder::new().name("dynamodb".to_owned()).spawn(move || worker.work(&waiting))?;
        Ok(Self { queue, open: Some(requests), thread: Some(thread) })
    }

    pub(crate) fn queue(&self) -> &Queue {
        &self.queue
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        drop(self.open.take());
        if let Some(thread) = self.thread.take() {
            // If the thread has panicked, the panic has been printed already.
            drop(thread.join());
        }
    }
}

impl Queue {
    /// Does an operation.
    ///
    /// # Errors
    /// See [`Unanswered`].
    pub(crate) async fn call(&self, operation: Operation, body: Bytes) -> Result<String, Unanswered> {
        let bytes = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.bytes).try_acquire_many_owned(bytes).map_err(|_| Unanswered::Busy)?;
        let (answer, answered) = oneshot::channel();
        let request = Request { operation, body, since: Instant::now(), answer, _room: room };
        self.requests.upgrade().ok_or(Unanswered::Ended)?.try_send(request).map_err(|error| match error {
            TrySendError::Full(_) => Unanswered::Busy,
            TrySendError::Disconnected(_) => Unanswered::Ended,
        })?;
        let answered =
            tokio::time::timeout(self.patience, answered).await.map_err(|_| Unanswered::Late(self.patience))?;
        answered.unwrap_or(Err(Unanswered::Ended))
    }
}

/// What runs on the store's thread.
struct Worker {
    open: Box<dyn Fn() -> Result<Database, EmbeddedError> + Send>,
    /// `None` after a panic.
    database: Option<Database>,
    times: Times,
}

impl Worker {
    fn work(mut self, waiting: &Receiver<Request>) {
        let mut next_sweep = Instant::now() + self.times.sweep;
        loop {
            let until_sweep = next_sweep.saturating_duration_since(Instant::now());
            if until_sweep.is_zero() {
                self.sweep();
                next_sweep = Instant::now() + self.times.sweep;
                continue;
            }
            match waiting.recv_timeout(until_sweep) {
                // Its caller does not wait any more, so the answer would be lost.
                Ok(request) if request.answer.is_closed() || request.since.elapsed() > self.times.patience => {}
                Ok(request) => {
                    let outcome = self.answer(&request);
                    // Before the caller may send its next request.
                    let Request { answer, _room: room, .. } = request;
                    drop(room);
                    drop(answer.send(outcome));
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn answer(&mut self, request: &Request) -> Result<String, Unanswered> {
        let Ok(body) = std::str::from_utf8(&request.body) else {
            return Err(Unanswered::Refused(unreadable::not_json()));
        };
        self.with_database(|database| request.operation.run(database, body))?.map_err(|error| match error {
            DynoxideError::InternalServerError(why) => Unanswered::Failed(why),
            error => Unanswered::Refused(error),
        })
    }

    /// Removes expired rows, which the database does not do by itself.
    fn sweep(&mut self) {
        let why = match self.with_database(Database::sweep_ttl) {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => error.to_string(),
            Err(unanswered) => unanswered.to_string(),
        };
        tracing::warn!("the embedded DynamoDB can't remove expired rows: {why}");
    }

    /// A panic leaves the database locked for good, so it is opened again. What it had not yet written is undone.
    fn with_database<T>(&mut self, work: impl FnOnce(&Database) -> T) -> Result<T, Unanswered> {
        let database = match self.database.take() {
            Some(database) => database,
            None => (self.open)().map_err(|error| Unanswered::NotOpen(error.to_string()))?,
        };
        let done = catch_unwind(AssertUnwindSafe(|| work(&database)));
        match done {
            Ok(done) => {
                self.database = Some(database);
                Ok(done)
            }
            Err(panic) => Err(Unanswered::Panicked(text(&*panic))),
        }
    }
}

/// What a panic says.
fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("it gave no reason").to_owned()
}

#[cfg(test)]
mod tests;
