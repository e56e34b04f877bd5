use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use super::happening::{Happening, Level, What};
use crate::clock::Clock;

/// How many happenings a reader may be behind before it misses the oldest. A busy example API makes some ten thousand a second, so a reader
/// may pause for a while; a reader of payloads holds at most this many of them.
const BACKLOG: usize = 4096;

/// The writing end. A clone writes to the same stream.
#[derive(Clone, Debug)]
pub(crate) struct HappeningSender {
    clock: Clock,
    /// `None` is the end: nothing comes after it.
    sender: broadcast::Sender<Option<Arc<Happening>>>,
    readers: Arc<Readers>,
}

/// How many readers ask for each [`Level`].
#[derive(Debug, Default)]
struct Readers([AtomicUsize; 4]);

impl Readers {
    fn of(&self, level: Level) -> &AtomicUsize {
        &self.0[level as usize]
    }

    fn want(&self, level: Level) -> bool {
        self.0[level as usize..].iter().any(|readers| readers.load(Ordering::Relaxed) > 0)
    }
}

impl HappeningSender {
    pub(crate) fn new(clock: Clock) -> Self {
        Self { clock, sender: broadcast::Sender::new(BACKLOG), readers: Arc::default() }
    }

    /// Tells the readers what has happened. `what` is called only if a reader wants it.
    pub(crate) fn tell(&self, level: Level, what: impl FnOnce() -> What) {
        if self.is_wanted(level) {
            let happening = Happening { at_ms: self.clock.now_ms(), level, what: what() };
            // If the last reader has gone in between, nothing is lost.
            drop(self.sender.send(Some(Arc::new(happening))));
        }
    }

    /// Ends the stream of every reader, once it has read what was told before.
    pub(crate) fn stop(&self) {
        drop(self.sender.send(None));
    }

    /// Whether a reader wants happenings of this level.
    pub(crate) fn is_wanted(&self, level: Level) -> bool {
        self.readers.want(level)
    }

    pub(crate) fn subscribe(&self, level: Level) -> Happenings {
        let receiver = self.sender.subscribe();
        self.readers.of(level).fetch_add(1, Ordering::Relaxed);
        Happenings { receiver, level, readers: Arc::clone(&self.readers), clock: self.clock.clone(), has_ended: false }
    }
}

/// Everything that happens from now on, in order: see [`Gateway::happenings`](crate::Gateway::happenings).
#[derive(Debug)]
pub struct Happenings {
    receiver: broadcast::Receiver<Option<Arc<Happening>>>,
    level: Level,
    readers: Arc<Readers>,
    clock: Clock,
    has_ended: bool,
}

impl Happenings {
    /// Waits for the next happening; `None` when the gateway has stopped. A reader that is too slow gets [`What::Missed`] where happenings
    /// are missing.
    pub async fn next(&mut self) -> Option<Arc<Happening>> {
        while !self.has_ended {
            let received = self.receiver.recv().await;
            if let Some(happening) = self.take(received) {
                return Some(happening);
            }
        }
        None
    }

    /// As [`Happenings::next`], for a thread of its own: it blocks.
    pub fn blocking_next(&mut self) -> Option<Arc<Happening>> {
        while !self.has_ended {
            let received = self.receiver.blocking_recv();
            if let Some(happening) = self.take(received) {
                return Some(happening);
            }
        }
        None
    }

    fn take(&mut self, received: Result<Option<Arc<Happening>>, RecvError>) -> Option<Arc<Happening>> {
        match received {
            Ok(Some(happening)) => (happening.level <= self.level).then_some(happening),
            Err(RecvError::Lagged(count)) => {
                let (at_ms, level) = (self.clock.now_ms(), Level::Warning);
                Some(Arc::new(Happening { at_ms, level, what: What::Missed { count } }))
            }
            Ok(None) | Err(RecvError::Closed) => {
                self.has_ended = true;
                None
            }
        }
    }
}

impl Drop for Happenings {
    fn drop(&mut self) {
        self.readers.of(self.level).fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sender() -> HappeningSender {
        HappeningSender::new(Clock::manual(7))
    }

    fn opened(connection_id: usize) -> What {
        What::Opened { connection_id: connection_id.to_string() }
    }

    #[tokio::test]
    async fn a_happening_that_no_reader_wants_is_not_made() {
        let sender = sender();
        sender.tell(Level::Error, || panic!("there is no reader"));
        let mut reader = sender.subscribe(Level::Info);
        sender.tell(Level::Detail, || panic!("too fine for the reader"));
        sender.tell(Level::Info, || opened(1));
        let happening = reader.next().await.unwrap();
        assert_eq!((happening.at_ms, happening.level), (7, Level::Info));
        drop(reader);
        sender.tell(Level::Error, || panic!("there is no reader any more"));
    }

    #[tokio::test]
    async fn a_reader_gets_its_levels_and_no_other() {
        let sender = sender();
        let (mut coarse, mut fine) = (sender.subscribe(Level::Warning), sender.subscribe(Level::Detail));
        sender.tell(Level::Detail, || opened(1));
        sender.tell(Level::Warning, || opened(2));
        for (reader, expected) in [(&mut coarse, &["2"][..]), (&mut fine, &["1", "2"])] {
            for id in expected {
                let happening = reader.next().await.unwrap();
                assert!(
                    matches!(&happening.what, What::Opened { connection_id } if connection_id == id),
                    "{happening:?}"
                );
            }
        }
    }

    #[tokio::test]
    async fn a_slow_reader_learns_how_much_it_has_missed_and_goes_on() {
        let sender = sender();
        let mut reader = sender.subscribe(Level::Detail);
        for id in 0..BACKLOG + 3 {
            sender.tell(Level::Detail, || opened(id));
        }
        assert!(matches!(reader.next().await.unwrap().what, What::Missed { count: 3 }));
        assert!(matches!(&reader.next().await.unwrap().what, What::Opened { connection_id } if connection_id == "3"));
    }

    #[tokio::test]
    async fn nothing_comes_after_the_stop() {
        let sender = sender();
        let mut reader = sender.subscribe(Level::Error);
        sender.tell(Level::Error, || opened(1));
        sender.stop();
        sender.tell(Level::Error, || opened(2));
        assert!(matches!(&reader.next().await.unwrap().what, What::Opened { connection_id } if connection_id == "1"));
        assert!(reader.next().await.is_none());
    }
}
