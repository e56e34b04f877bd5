use std::collections::VecDeque;
#[cfg(feature = "console")]
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;
use tungstenite::Utf8Bytes;

use super::room::{NoRoom, Room};

/// How many frames an empty queue keeps memory for: a connection that was busy once is as small as any other.
const KEPT: usize = 4;

/// The frames that wait for one client. Only as many wait as there is [room](Room) for. Without frames it holds no memory, as most
/// connections are idle.
#[derive(Debug)]
pub(crate) struct Outbox {
    frames: Mutex<VecDeque<Utf8Bytes>>,
    /// Wakes the session, which alone takes frames out.
    added: Notify,
    room: Room,
    /// Whether no frame is sent for now, as if the client did not read.
    #[cfg(feature = "console")]
    is_held: AtomicBool,
}

impl Outbox {
    pub(super) fn new() -> Self {
        Self {
            frames: Mutex::default(),
            added: Notify::new(),
            room: Room::new(),
            #[cfg(feature = "console")]
            is_held: AtomicBool::new(false),
        }
    }

    /// Sends nothing from now on, or goes on with it.
    #[cfg(feature = "console")]
    pub(crate) fn hold(&self, is_held: bool) {
        self.is_held.store(is_held, Ordering::Relaxed);
        self.added.notify_one();
    }

    #[cfg(feature = "console")]
    fn is_held(&self) -> bool {
        self.is_held.load(Ordering::Relaxed)
    }

    #[cfg(not(feature = "console"))]
    fn is_held(&self) -> bool {
        false
    }

    /// Adds a frame if there is room for it now.
    pub(crate) fn try_push(&self, frame: Utf8Bytes) -> Result<(), NoRoom> {
        self.room.try_take(frame.len())?;
        self.add(frame);
        Ok(())
    }

    /// Waits until there is room, and adds a frame. A frame that comes after [`Outbox::close`] is dropped.
    pub(super) async fn push(&self, frame: Utf8Bytes) {
        if self.room.take(frame.len()).await.is_ok() {
            self.add(frame);
        }
    }

    /// Waits for the next frame, and for the end of a [hold](Outbox::hold).
    pub(crate) async fn pop(&self) -> Utf8Bytes {
        loop {
            if !self.is_held()
                && let Some(frame) = self.try_pop()
            {
                return frame;
            }
            self.added.notified().await;
        }
    }

    /// The next frame, if there is one.
    pub(crate) fn try_pop(&self) -> Option<Utf8Bytes> {
        let mut frames = self.lock();
        let frame = frames.pop_front()?;
        if frames.is_empty() {
            frames.shrink_to(KEPT);
        }
        drop(frames);
        self.room.give_back(frame.len());
        Some(frame)
    }

    /// Takes no more frames. Those that are in it can still be taken out.
    pub(crate) fn close(&self) {
        self.room.close();
    }

    fn add(&self, frame: Utf8Bytes) {
        self.lock().push_back(frame);
        self.added.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Utf8Bytes>> {
        // Every change is a single push or pop, so a panicking holder leaves nothing half-done.
        self.frames.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(bytes: usize) -> Utf8Bytes {
        "x".repeat(bytes).into()
    }

    #[tokio::test]
    async fn frames_come_out_in_order() {
        let outbox = Outbox::new();
        for text in ["a", "b"] {
            outbox.try_push(text.into()).unwrap();
        }
        assert_eq!([outbox.pop().await, outbox.pop().await], ["a", "b"]);
        assert_eq!(outbox.try_pop(), None);
    }

    #[tokio::test]
    async fn only_so_many_wait() {
        for (bytes, fit) in [(0, 1024), (128 * 1024, 7), (2 * 1024 * 1024, 1)] {
            let outbox = Outbox::new();
            let pushed = (0..2000).take_while(|_| outbox.try_push(frame(bytes)).is_ok()).count();
            assert_eq!(pushed, fit, "{bytes}");
            assert_eq!(outbox.try_push(frame(bytes)), Err(NoRoom::Full));
            let mut waiting = std::pin::pin!(outbox.push(frame(bytes)));
            assert!(futures_util::poll!(waiting.as_mut()).is_pending());
            outbox.pop().await;
            waiting.await;
            assert_eq!(outbox.try_push(frame(bytes)), Err(NoRoom::Full));
        }
    }

    #[cfg(feature = "console")]
    #[tokio::test]
    async fn what_is_held_waits_and_takes_room() {
        let outbox = Outbox::new();
        outbox.hold(true);
        outbox.try_push("first".into()).unwrap();
        let mut next = std::pin::pin!(outbox.pop());
        assert!(futures_util::poll!(next.as_mut()).is_pending());
        while outbox.try_push(frame(100_000)).is_ok() {}
        assert!(futures_util::poll!(next.as_mut()).is_pending());
        outbox.hold(false);
        assert_eq!(next.await, "first");
        assert_eq!(outbox.pop().await.len(), 100_000);
    }

    #[tokio::test]
    async fn a_closed_outbox_gives_what_it_has_and_takes_nothing() {
        let outbox = Outbox::new();
        while outbox.try_push(frame(100_000)).is_ok() {}
        let mut waiting = std::pin::pin!(outbox.push(frame(100_000)));
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        outbox.close();
        waiting.await;
        assert_eq!(outbox.try_push("later".into()), Err(NoRoom::Closed));
        let rest = std::iter::from_fn(|| outbox.try_pop()).map(|frame| frame.len()).collect::<Vec<_>>();
        assert_eq!(rest, [100_000; 10]);
    }
}
