//! What has happened lately, as the lines of JSON that the console's pages show.
//!
//! While nobody looks, only warnings and errors are kept: they are rare, so that they cost nothing, and explain what has just gone wrong to
//! whoever opens the page because of it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::happenings::{Happening, Happenings, Interest, Level};

/// How many happenings are kept.
pub(super) const MOST: usize = 20_000;

/// How many bytes they may have, as JSON.
pub(super) const MOST_BYTES: usize = 32 * 1024 * 1024;

/// How many pages may look at the same time.
const VIEWERS: usize = 16;

/// How many happenings are taken at once, so that those of a busy gateway don't cost a turn each.
const AT_ONCE: usize = 64;

/// What is kept while nobody looks.
pub(super) const UNWATCHED: Level = Level::Warning;

/// How long everything is still kept after the last page has gone: it may only be loaded again.
pub(super) const LINGER: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct History {
    kept: Mutex<Kept>,
    /// The number that the next happening will have.
    next: watch::Sender<u64>,
    viewers: watch::Sender<usize>,
    /// Since when everything is kept, in milliseconds since 1970; `None` if it is not.
    since_ms: watch::Sender<Option<u64>>,
}

#[derive(Debug, Default)]
struct Kept {
    /// The number of the first.
    first: u64,
    lines: VecDeque<Bytes>,
    bytes: usize,
}

/// A page that looks.
#[derive(Debug)]
pub(super) struct Viewer(Arc<History>);

/// Happenings in a row.
#[derive(Debug)]
pub(super) struct Batch {
    /// The number of the first line.
    pub(super) first: u64,
    pub(super) lines: Vec<Bytes>,
}

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

    /// Keeps these lines, and forgets the oldest for which there is no more room.
    fn push(&self, lines: impl IntoIterator<Item = Bytes>) {
        let mut kept = self.lock();
        for line in lines {
            kept.bytes += line.len();
            kept.lines.push_back(line);
        }
        while kept.lines.len() > MOST || kept.bytes > MOST_BYTES {
            let Some(oldest) = kept.lines.pop_front() else { break };
            kept.bytes -= oldest.len();
            kept.first += 1;
        }
        let next = kept.first + kept.lines.len() as u64;
        drop(kept);
        self.next.send_replace(next);
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
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

    /// The happenings from this number on, or from the oldest that is kept; at least one, and no more once they have so many bytes. `None` if
    /// there is none yet.
    pub(super) fn read(&self, from: u64, bytes: usize) -> Option<Batch> {
        let kept = self.0.lock();
        let first = from.max(kept.first);
        let start = usize::try_from(first - kept.first).ok()?;
        let mut room = bytes;
        let lines = kept.lines.iter().skip(start).take_while(|line| {
            let fits = room > 0;
            room = room.saturating_sub(line.len());
            fits
        });
        let lines: Vec<_> = lines.cloned().collect();
        (!lines.is_empty()).then_some(Batch { first, lines })
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
                    let mut lines = vec![line(&happening)];
                    while lines.len() < AT_ONCE && let Some(happening) = happenings.try_next() {
                        lines.push(line(&happening));
                    }
                    history.push(lines);
                }
                None => return,
            },
        }
    }
}

fn line(happening: &Happening) -> Bytes {
    happening.to_line().into()
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

    fn missed(count: u64) -> Happening {
        Happening { at_ms: 0, level: Level::Warning, by_hand: false, what: What::Missed { count } }
    }

    fn count_of(line: &Bytes) -> u64 {
        serde_json::from_slice::<serde_json::Value>(line).unwrap()["count"].as_u64().unwrap()
    }

    #[test]
    fn the_oldest_go_first_and_numbers_go_on() {
        let history = Arc::new(History::default());
        let viewer = history.enter().unwrap();
        assert!(viewer.read(0, 1).is_none());
        for count in 0..MOST as u64 + 3 {
            history.push([line(&missed(count))]);
        }
        let batch = viewer.read(0, usize::MAX).unwrap();
        assert_eq!((batch.first, batch.lines.len()), (3, MOST));
        assert_eq!(count_of(&batch.lines[0]), 3);
        // One at least, and in pieces.
        let batch = viewer.read(10, 1).unwrap();
        assert_eq!((batch.first, batch.lines.len(), count_of(&batch.lines[0])), (10, 1, 10));
        assert!(viewer.read(MOST as u64 + 3, 1).is_none());
    }

    #[test]
    fn large_happenings_leave_less_room() {
        let history = Arc::new(History::default());
        let message = Bytes::from(vec![b'x'; MOST_BYTES / 4]);
        for _ in 0..5 {
            let what = What::Received { connection_id: "c".to_owned(), message: message.clone() };
            history.push([line(&Happening { at_ms: 0, level: Level::Detail, by_hand: false, what })]);
        }
        let viewer = history.enter().unwrap();
        let batch = viewer.read(0, usize::MAX).unwrap();
        assert_eq!((batch.first, batch.lines.len()), (2, 3));
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
        sender.tell(Level::Warning, || missed(1).what);
        let viewer = history.enter().unwrap();
        assert_eq!(viewer.since_ms().await, 7);
        sender.tell(Level::Detail, || missed(2).what);
        viewer.wait(1).await;
        let counts: Vec<_> = viewer.read(0, usize::MAX).unwrap().lines.iter().map(count_of).collect();
        assert_eq!(counts, [1, 2]);
        drop(viewer);
        let _ = history.since_ms.subscribe().wait_for(Option::is_none).await;
        sender.tell(Level::Info, || panic!("nobody looks any more"));
        sender.tell(Level::Error, || missed(3).what);
        sender.stop();
        recording.await.unwrap();
        assert_eq!(history.enter().unwrap().read(0, usize::MAX).unwrap().lines.len(), 3);
    }
}
