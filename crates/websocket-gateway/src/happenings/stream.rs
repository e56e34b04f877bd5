use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use super::happening::{Happening, Level, What};
use crate::clock::Clock;

/// How many happenings may wait for one reader. A busy example API makes some ten thousand a second, so a reader may pause for a moment.
const BACKLOG: usize = 4096;

/// How many more errors and warnings may wait, so that a flood of other happenings can't push them out.
const RESERVED: usize = 1024;

/// How many bytes of payload may wait for one reader: a terminal may be paused while functions answer with megabytes.
const BACKLOG_BYTES: usize = 64 * 1024 * 1024;

/// What a reader asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Interest {
    /// Everything up to a level.
    UpTo(Level),
    /// [`What::Event`] only.
    Events,
    /// [`What::Invoked`] only.
    Invocations,
}

/// The writing end. A clone writes to the same stream.
#[derive(Clone, Debug)]
pub(crate) struct HappeningSender(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clock: Clock,
    readers: RwLock<Vec<Reader>>,
    /// The union of the readers' interests, so that telling costs next to nothing without readers.
    wanted: AtomicU8,
    has_stopped: AtomicBool,
}

/// The sending end of one reader's queue.
#[derive(Debug)]
struct Reader {
    interest: Interest,
    queue: mpsc::Sender<Arc<Happening>>,
    backlog: Arc<Backlog>,
}

/// What one reader has not read yet.
#[derive(Debug, Default)]
struct Backlog {
    bytes: AtomicUsize,
    missed: AtomicU64,
}

impl Interest {
    const EVENTS: u8 = 1 << 6;
    const INVOCATIONS: u8 = 1 << 7;

    /// One bit for each level, and one for each kind that can be asked for by itself.
    fn bits(self) -> u8 {
        match self {
            Self::UpTo(level) => (2 << level as u8) - 1,
            Self::Events => Self::EVENTS,
            Self::Invocations => Self::INVOCATIONS,
        }
    }

    /// The interests that a happening satisfies.
    fn bits_of(level: Level, kind: Option<Self>) -> u8 {
        (1 << level as u8) | kind.map_or(0, Self::bits)
    }
}

impl HappeningSender {
    pub(crate) fn new(clock: Clock) -> Self {
        Self(Arc::new(Shared {
            clock,
            readers: RwLock::default(),
            wanted: AtomicU8::new(0),
            has_stopped: AtomicBool::new(false),
        }))
    }

    /// Tells the readers what has happened. `what` is called only if a reader wants it.
    pub(crate) fn tell(&self, level: Level, what: impl FnOnce() -> What) {
        self.tell_of(None, level, what);
    }

    /// Tells of a happening that readers can ask for by its kind.
    pub(crate) fn tell_of(&self, kind: impl Into<Option<Interest>>, level: Level, what: impl FnOnce() -> What) {
        self.tell_as(false, kind, level, what);
    }

    /// Does the same as [`HappeningSender::tell_of`], and says whether a person at the console, or a fault of theirs, made it happen.
    pub(crate) fn tell_as(
        &self,
        by_hand: bool,
        kind: impl Into<Option<Interest>>,
        level: Level,
        what: impl FnOnce() -> What,
    ) {
        let bits = Interest::bits_of(level, kind.into());
        if self.0.wanted.load(Ordering::Relaxed) & bits != 0 {
            let happening = Arc::new(Happening { at_ms: self.0.clock.now_ms(), level, by_hand, what: what() });
            for reader in self.0.readers.read().unwrap_or_else(PoisonError::into_inner).iter() {
                if reader.interest.bits() & bits != 0 {
                    reader.push(&happening, &self.0);
                }
            }
        }
    }

    /// Whether a reader wants happenings of this level.
    pub(crate) fn is_wanted(&self, level: Level) -> bool {
        self.0.wanted.load(Ordering::Relaxed) & Interest::bits_of(level, None) != 0
    }

    /// Ends the streams of [`Interest::Events`], once they have been read: there will be no more events.
    pub(crate) fn stop_events(&self) {
        self.0.change_readers(|readers| readers.retain(|reader| reader.interest != Interest::Events));
    }

    /// Ends the stream of every reader, once it has read what was told before.
    pub(crate) fn stop(&self) {
        self.0.has_stopped.store(true, Ordering::Relaxed);
        self.0.change_readers(Vec::clear);
    }

    pub(crate) fn subscribe(&self, interest: Interest) -> Happenings {
        let (queue, receiver) = mpsc::channel(BACKLOG + RESERVED);
        let backlog = Arc::<Backlog>::default();
        let reader = Reader { interest, queue, backlog: Arc::clone(&backlog) };
        self.0.change_readers(|readers| {
            // Under the lock: a reader that came in while the others are ended would wait for ever.
            if !self.0.has_stopped.load(Ordering::Relaxed) {
                readers.push(reader);
            }
        });
        Happenings { receiver, backlog, shared: Arc::clone(&self.0) }
    }
}

impl Shared {
    fn change_readers(&self, change: impl FnOnce(&mut Vec<Reader>)) {
        let mut readers = self.readers.write().unwrap_or_else(PoisonError::into_inner);
        change(&mut readers);
        let wanted = readers.iter().fold(0, |wanted, reader| wanted | reader.interest.bits());
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    fn missed(&self, count: u64) -> Arc<Happening> {
        let (at_ms, what) = (self.clock.now_ms(), What::Missed { count });
        Arc::new(Happening { at_ms, level: Level::Warning, by_hand: false, what })
    }
}

impl Reader {
    /// Queues a happening, or counts it as missed if too much waits.
    fn push(&self, happening: &Arc<Happening>, shared: &Shared) {
        let reserved = if happening.level <= Level::Warning { 0 } else { RESERVED };
        let has_room = self.queue.capacity() > reserved && self.backlog.bytes.load(Ordering::Relaxed) <= BACKLOG_BYTES;
        if !has_room {
            self.backlog.missed.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let missed = self.backlog.missed.swap(0, Ordering::Relaxed);
        if missed > 0 {
            self.send(shared.missed(missed), missed);
        }
        self.send(Arc::clone(happening), 1);
    }

    /// `count` is how many happenings are missing if the queue turns out to be full.
    fn send(&self, happening: Arc<Happening>, count: u64) {
        let bytes = happening.what.payload_bytes();
        self.backlog.bytes.fetch_add(bytes, Ordering::Relaxed);
        // A reader that is going away misses nothing.
        if let Err(TrySendError::Full(_)) = self.queue.try_send(happening) {
            self.backlog.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.backlog.missed.fetch_add(count, Ordering::Relaxed);
        }
    }
}

/// Everything that happens from now on, in the order in which it is told: see [`Gateway::happenings`](crate::Gateway::happenings).
///
/// Each reader has a queue of its own, bounded by count and bytes. A reader that is too slow gets [`What::Missed`] where happenings are
/// missing.
#[derive(Debug)]
#[must_use = "happenings are collected as long as this lives, and have to be read"]
pub struct Happenings {
    receiver: mpsc::Receiver<Arc<Happening>>,
    backlog: Arc<Backlog>,
    shared: Arc<Shared>,
}

impl Happenings {
    /// Waits for the next happening; `None` when the gateway has stopped.
    ///
    /// It is cancel safe: a future that is dropped loses nothing.
    pub async fn next(&mut self) -> Option<Arc<Happening>> {
        if let Some(missed) = self.missed_before_now() {
            return Some(missed);
        }
        let received = self.receiver.recv().await;
        self.take(received)
    }

    /// The next happening if it is there already.
    #[cfg(feature = "console")]
    pub(crate) fn try_next(&mut self) -> Option<Arc<Happening>> {
        let received = self.receiver.try_recv().ok()?;
        self.take(Some(received))
    }

    /// Waits for the next happening as [`Happenings::next`] does, on a thread of its own.
    ///
    /// # Panics
    /// If it is called on a thread of an asynchronous runtime, which it would block.
    pub fn blocking_next(&mut self) -> Option<Arc<Happening>> {
        if let Some(missed) = self.missed_before_now() {
            return Some(missed);
        }
        let received = self.receiver.blocking_recv();
        self.take(received)
    }

    /// The time by the gateway's clock, in milliseconds since 1970.
    #[cfg(feature = "console")]
    pub(crate) fn now_ms(&self) -> u64 {
        self.shared.clock.now_ms()
    }

    /// Asks for something else from now on.
    #[cfg(feature = "console")]
    pub(crate) fn change_interest(&self, interest: Interest) {
        self.shared.change_readers(|readers| {
            let own = readers.iter_mut().find(|reader| Arc::ptr_eq(&reader.backlog, &self.backlog));
            if let Some(reader) = own {
                reader.interest = interest;
            }
        });
    }

    /// Passes everything on to [`tracing`], until the gateway stops: see [`Happening::log`].
    pub async fn log(mut self) {
        while let Some(happening) = self.next().await {
            happening.log();
        }
    }

    /// What this reader has missed since the last happening that found room, once that is read.
    fn missed_before_now(&self) -> Option<Arc<Happening>> {
        let count = if self.receiver.is_empty() { self.backlog.missed.swap(0, Ordering::Relaxed) } else { 0 };
        (count > 0).then(|| self.shared.missed(count))
    }

    fn take(&self, received: Option<Arc<Happening>>) -> Option<Arc<Happening>> {
        if let Some(happening) = &received {
            self.backlog.bytes.fetch_sub(happening.what.payload_bytes(), Ordering::Relaxed);
        }
        received.or_else(|| self.missed_before_now())
    }
}

impl Drop for Happenings {
    fn drop(&mut self) {
        self.receiver.close();
        self.shared.change_readers(|readers| readers.retain(|reader| !reader.queue.is_closed()));
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

    fn is_opened(happening: Option<Arc<Happening>>, id: &str) -> bool {
        matches!(&happening.unwrap().what, What::Opened { connection_id } if connection_id == id)
    }

    #[tokio::test]
    async fn a_happening_that_no_reader_wants_is_not_made() {
        let sender = sender();
        sender.tell(Level::Error, || panic!("there is no reader"));
        let mut reader = sender.subscribe(Interest::UpTo(Level::Info));
        sender.tell(Level::Detail, || panic!("too fine for the reader"));
        sender.tell_of(Interest::Events, Level::Detail, || panic!("too fine for the reader"));
        sender.tell(Level::Info, || opened(1));
        let happening = reader.next().await.unwrap();
        assert_eq!((happening.at_ms, happening.level), (7, Level::Info));
        drop(reader);
        sender.tell(Level::Error, || panic!("there is no reader any more"));
    }

    #[tokio::test]
    async fn a_reader_gets_what_it_asks_for_and_nothing_else() {
        let sender = sender();
        let mut readers = [
            (sender.subscribe(Interest::UpTo(Level::Warning)), &["3"][..]),
            (sender.subscribe(Interest::UpTo(Level::Detail)), &["1", "2", "3"]),
            (sender.subscribe(Interest::Events), &["1"]),
            (sender.subscribe(Interest::Invocations), &["2"]),
        ];
        sender.tell_of(Interest::Events, Level::Detail, || opened(1));
        sender.tell_of(Interest::Invocations, Level::Info, || opened(2));
        sender.tell(Level::Warning, || opened(3));
        sender.stop();
        for (reader, expected) in &mut readers {
            for id in *expected {
                assert!(is_opened(reader.next().await, id), "{id}");
            }
            assert!(reader.next().await.is_none());
        }
    }

    #[cfg(feature = "console")]
    #[tokio::test]
    async fn a_reader_may_ask_for_more_and_for_less() {
        let sender = sender();
        let mut reader = sender.subscribe(Interest::UpTo(Level::Warning));
        let mut other = sender.subscribe(Interest::UpTo(Level::Warning));
        sender.tell(Level::Detail, || panic!("too fine for the readers"));
        reader.change_interest(Interest::UpTo(Level::Detail));
        sender.tell(Level::Detail, || opened(1));
        reader.change_interest(Interest::UpTo(Level::Warning));
        sender.tell(Level::Info, || panic!("too fine for the readers"));
        sender.tell(Level::Warning, || opened(2));
        for id in ["1", "2"] {
            assert!(is_opened(reader.next().await, id), "{id}");
        }
        assert!(is_opened(other.next().await, "2"));
    }

    #[tokio::test]
    async fn a_slow_reader_learns_how_much_it_has_missed_and_goes_on() {
        let sender = sender();
        let mut reader = sender.subscribe(Interest::UpTo(Level::Detail));
        for id in 0..BACKLOG + 3 {
            sender.tell(Level::Detail, || opened(id));
        }
        // Warnings have room of their own.
        sender.tell(Level::Warning, || opened(7777));
        for id in 0..BACKLOG {
            assert!(is_opened(reader.next().await, &id.to_string()), "{id}");
        }
        assert!(matches!(reader.next().await.unwrap().what, What::Missed { count: 3 }));
        assert!(is_opened(reader.next().await, "7777"));
        sender.tell(Level::Detail, || opened(8888));
        assert!(is_opened(reader.next().await, "8888"));
    }

    #[tokio::test]
    async fn large_payloads_fill_a_queue_sooner() {
        let sender = sender();
        let mut reader = sender.subscribe(Interest::UpTo(Level::Detail));
        let message = bytes::Bytes::from(vec![0; BACKLOG_BYTES / 2]);
        for _ in 0..4 {
            sender.tell(Level::Detail, || What::Received { connection_id: "a".to_owned(), message: message.clone() });
        }
        for _ in 0..3 {
            assert!(matches!(reader.next().await.unwrap().what, What::Received { .. }));
        }
        assert!(matches!(reader.next().await.unwrap().what, What::Missed { count: 1 }));
        sender.tell(Level::Detail, || What::Received { connection_id: "b".to_owned(), message });
        assert!(matches!(reader.next().await.unwrap().what, What::Received { .. }));
    }

    #[tokio::test]
    async fn the_readers_of_events_end_before_the_others() {
        let sender = sender();
        let mut events = sender.subscribe(Interest::Events);
        let mut errors = sender.subscribe(Interest::UpTo(Level::Error));
        sender.tell_of(Interest::Events, Level::Detail, || opened(1));
        sender.stop_events();
        assert!(is_opened(events.next().await, "1"));
        assert!(events.next().await.is_none());
        sender.tell(Level::Error, || opened(2));
        assert!(is_opened(errors.next().await, "2"));
    }

    #[tokio::test]
    async fn nothing_comes_after_the_stop_and_every_reader_ends() {
        let sender = sender();
        let mut reader = sender.subscribe(Interest::UpTo(Level::Error));
        sender.tell(Level::Error, || opened(1));
        sender.stop();
        sender.tell(Level::Error, || panic!("told after the stop"));
        assert!(is_opened(reader.next().await, "1"));
        assert!(reader.next().await.is_none());
        assert!(sender.subscribe(Interest::UpTo(Level::Error)).next().await.is_none());
    }
}
