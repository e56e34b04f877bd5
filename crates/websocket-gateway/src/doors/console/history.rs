//! What has happened lately, for the console's pages.
//!
//! While nobody looks, only warnings and errors are kept: they are rare, so that they cost nothing, and explain what has just gone wrong to
//! whoever opens the page because of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

use super::pieces::{Piece, Pieces, Writer};
use crate::happenings::{Happenings, Interest, Level};

/// How many pages may look at the same time.
const VIEWERS: usize = 16;

/// How long the recorder lets happenings come before it takes the next ones. Otherwise a busy gateway would wake it for each, which costs more
/// than keeping it.
const PAUSE: Duration = Duration::from_millis(10);

/// What is kept while nobody looks.
pub(super) const UNWATCHED: Level = Level::Warning;

/// How long everything is still kept after the last page has gone: it may only be loaded again.
pub(super) const LINGER: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct History {
    kept: Mutex<Pieces>,
    /// The number that the next happening will have.
    next: watch::Sender<u64>,
    viewers: watch::Sender<usize>,
    /// Since when everything is kept, in milliseconds since 1970; `None` if it is not.
    since_ms: watch::Sender<Option<u64>>,
}

/// A page that looks.
#[derive(Debug)]
pub(super) struct Viewer(Arc<History>);

impl Default for History {
    fn default() -> Self {
        Self {
            kept: Mutex::default(),
            next: watch::Sender::new(0),
            viewers: watch::Sender::new(0),
            since_ms: watch::Sender::new(None),
        }
    }
}

impl History {
    /// Lets a page look; `None` if too many do.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Viewer> {
        let entered = self.viewers.send_if_modified(|viewers| {
            let has_room = *viewers < VIEWERS;
            *viewers += usize::from(has_room);
            has_room
        });
        entered.then(|| Viewer(Arc::clone(self)))
    }

    fn push(&self, piece: Piece) {
        let next = piece.end();
        self.lock().push(piece);
        self.next.send_replace(next);
    }

    fn lock(&self) -> MutexGuard<'_, Pieces> {
        // Nothing in between can panic.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Viewer {
    /// Waits until everything is kept: since when.
    pub(super) async fn since_ms(&self) -> u64 {
        let mut since = self.0.since_ms.subscribe();
        // The sender lives in `self`, so waiting can't fail.
        let found = since.wait_for(Option::is_some).await;
        found.ok().and_then(|since| *since).unwrap_or_default()
    }

    /// See [`Pieces::read`].
    pub(super) fn read(&self, from: u64) -> Option<(Bytes, u64)> {
        self.0.lock().read(from)
    }

    /// Waits until there is a happening with this number.
    pub(super) async fn wait(&self, number: u64) {
        let _ = self.0.next.subscribe().wait_for(|next| *next > number).await;
    }
}

impl Drop for Viewer {
    fn drop(&mut self) {
        self.0.viewers.send_modify(|viewers| *viewers = viewers.saturating_sub(1));
    }
}

/// Keeps what happens until the gateway stops; everything until nobody has looked for as long as `linger`.
pub(super) async fn record(history: Arc<History>, mut happenings: Happenings, linger: Duration) {
    let mut viewers = history.viewers.subscribe();
    // Somebody may look already.
    viewers.mark_changed();
    let mut until: Option<Instant> = None;
    let mut writer = Writer::default();
    loop {
        tokio::select! {
            biased;
            Ok(()) = viewers.changed() => {
                let is_watched = *viewers.borrow_and_update() > 0;
                until = (!is_watched).then(|| Instant::now() + linger);
                if is_watched && history.since_ms.borrow().is_none() {
                    happenings.change_interest(Interest::UpTo(Level::Detail));
                    history.since_ms.send_replace(Some(happenings.now_ms()));
                }
            }
            () = wait(until) => {
                until = None;
                happenings.change_interest(Interest::UpTo(UNWATCHED));
                history.since_ms.send_replace(None);
            }
            happening = happenings.next() => match happening {
                Some(happening) => {
                    writer.add(&happening);
                    while !writer.is_full() && let Some(happening) = happenings.try_next() {
                        writer.add(&happening);
                    }
                    let are_all = !writer.is_full();
                    history.push(writer.finish());
                    if are_all {
                        sleep(PAUSE).await;
                    }
                }
                None => return,
            },
        }
    }
}

/// For ever without a deadline.
async fn wait(until: Option<Instant>) {
    match until {
        Some(until) => sleep_until(until).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::happenings::{HappeningSender, What};

    /// The counts of all happenings that are kept.
    fn counts(viewer: &Viewer) -> Vec<u64> {
        let (text, _) = viewer.read(0).unwrap();
        let count = |event: &str| {
            let (_, data) = event.split_once("\ndata: ").unwrap();
            serde_json::from_str::<serde_json::Value>(data).unwrap()["count"].as_u64().unwrap()
        };
        std::str::from_utf8(&text).unwrap().split_terminator("\n\n").map(count).collect()
    }

    #[test]
    fn only_so_many_pages_look() {
        let history = Arc::new(History::default());
        let mut viewers: Vec<_> = std::iter::from_fn(|| history.enter()).collect();
        assert_eq!(viewers.len(), VIEWERS);
        viewers.pop();
        assert!(history.enter().is_some());
    }

    #[tokio::test]
    async fn everything_is_kept_only_while_somebody_looks() {
        let sender = HappeningSender::new(Clock::manual(7));
        let history = Arc::new(History::default());
        let reader = sender.subscribe(Interest::UpTo(UNWATCHED));
        let recording = tokio::spawn(record(Arc::clone(&history), reader, Duration::ZERO));
        sender.tell(Level::Info, || panic!("nobody looks"));
        sender.tell(Level::Warning, || What::Missed { count: 1 });
        let viewer = history.enter().unwrap();
        assert_eq!(viewer.since_ms().await, 7);
        sender.tell(Level::Detail, || What::Missed { count: 2 });
        viewer.wait(1).await;
        assert_eq!(counts(&viewer), [1, 2]);
        drop(viewer);
        let _ = history.since_ms.subscribe().wait_for(Option::is_none).await;
        sender.tell(Level::Info, || panic!("nobody looks any more"));
        sender.tell(Level::Error, || What::Missed { count: 3 });
        sender.stop();
        recording.await.unwrap();
        assert_eq!(counts(&history.enter().unwrap()), [1, 2, 3]);
    }
}
