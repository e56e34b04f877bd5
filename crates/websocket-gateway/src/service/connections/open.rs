use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;
use tungstenite::Utf8Bytes;

use crate::event::Connection;
use crate::ids::ConnectionId;
use crate::service::Place;

/// How many messages may wait for a client that reads slowly. Above that a post is throttled, as on AWS when the "client-side buffer" is full.
const WAITING_MESSAGES: usize = 64;

/// The connections whose `$connect` has succeeded and whose close has not begun.
#[derive(Debug, Default)]
pub(crate) struct OpenConnections {
    by_id: Mutex<HashMap<ConnectionId, Arc<OpenConnection>>>,
}

/// An open connection, as all parts of the gateway but its own session see it.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    pub(crate) facts: Connection,
    last_active_ms: AtomicU64,
    outgoing: mpsc::Sender<Utf8Bytes>,
    ending: Mutex<Option<oneshot::Sender<Ending>>>,
}

/// Why the gateway ends a connection that its client has not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// `DELETE @connections/{id}`.
    Deleted,
    /// A function's reply is over the limit of a message.
    ReplyTooLarge,
}

/// The session's ends of an [`OpenConnection`].
#[derive(Debug)]
pub(crate) struct Receivers {
    pub(crate) outgoing: mpsc::Receiver<Utf8Bytes>,
    pub(crate) ending: oneshot::Receiver<Ending>,
    /// Free again when the session ends.
    _place: Option<Place>,
}

impl OpenConnection {
    pub(crate) fn new(facts: Connection, place: Option<Place>) -> (Self, Receivers) {
        let (sender, outgoing) = mpsc::channel(WAITING_MESSAGES);
        let (end, ending) = oneshot::channel();
        let last_active_ms = facts.connected_at_ms.into();
        let connection = Self { facts, last_active_ms, outgoing: sender, ending: Mutex::new(Some(end)) };
        (connection, Receivers { outgoing, ending, _place: place })
    }

    /// Milliseconds since 1970; data in either direction counts, control frames don't.
    pub(crate) fn last_active_ms(&self) -> u64 {
        self.last_active_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn touch(&self, now_ms: u64) {
        self.last_active_ms.fetch_max(now_ms, Ordering::Relaxed);
    }

    /// Queues a frame for `@connections`, which does not wait for a slow client.
    pub(crate) fn try_send(&self, frame: Utf8Bytes) -> Result<(), TrySendError<Utf8Bytes>> {
        self.outgoing.try_send(frame)
    }

    /// For answers. An answer that comes after the close is dropped, as on AWS.
    pub(crate) async fn send(&self, frame: Utf8Bytes) {
        let _ = self.outgoing.send(frame).await;
    }

    /// Ends the connection. If it is called several times, the first reason counts.
    pub(crate) fn end(&self, why: Ending) {
        if let Some(end) = self.ending.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A session that is gone has ended already.
            let _ = end.send(why);
        }
    }
}

impl OpenConnections {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, Arc<OpenConnection>>> {
        // Every change is a single insert or remove, so a panicking holder leaves nothing half-done.
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn insert(&self, connection: Arc<OpenConnection>) {
        self.lock().insert(connection.facts.id.clone(), connection);
    }

    /// Removes a connection. From here on a post to it gets 410.
    pub(crate) fn remove(&self, id: &ConnectionId) {
        self.lock().remove(id);
    }

    pub(crate) fn get(&self, id: &ConnectionId) -> Option<Arc<OpenConnection>> {
        self.lock().get(id).cloned()
    }
}
