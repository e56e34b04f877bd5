use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit, oneshot};
use tungstenite::Utf8Bytes;

use super::outbox::Outbox;
use super::room::Room;
use crate::event::Connection;
use crate::ids::ConnectionId;
use crate::service::Place;

/// How many invocations one client's messages may have at the same time; the other messages wait. Each may answer with as much as a message can
/// hold, and an answer waits here if the client does not read. It also keeps one client from taking all of the account's concurrency.
const INVOCATIONS: usize = 64;

/// The connections whose `$connect` has succeeded and whose close has not begun.
#[derive(Debug, Default)]
pub(crate) struct OpenConnections {
    by_id: Mutex<HashMap<ConnectionId, Arc<OpenConnection>>>,
}

/// An open connection, as all parts of the gateway but its own session see it.
#[derive(Debug)]
pub(crate) struct OpenConnection {
    pub(crate) facts: Connection,
    /// What `$connect` has chosen.
    #[cfg_attr(not(feature = "console"), expect(dead_code, reason = "only the console shows it"))]
    pub(crate) subprotocol: Option<Box<str>>,
    last_active_ms: AtomicU64,
    /// The frames that wait for the client. When it is full, a post is throttled, as on AWS when the "client-side buffer" is full.
    pub(crate) outbox: Outbox,
    /// For the client's messages whose functions have not answered yet.
    room: Room,
    /// For those of them that functions work on, or are about to.
    turns: Semaphore,
    ending: Mutex<Option<oneshot::Sender<Ending>>>,
}

/// Why the gateway ends a connection that its client has not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// `DELETE @connections/{id}`.
    Deleted,
    /// A function's reply is over the limit of a message.
    ReplyTooLarge,
    /// A person at the console wants to see a line that breaks.
    #[cfg(feature = "console")]
    Cut,
}

/// The session's ends of an [`OpenConnection`].
#[derive(Debug)]
pub(crate) struct Receivers {
    pub(crate) ending: oneshot::Receiver<Ending>,
    /// Free again when the session ends.
    _place: Option<Place>,
}

impl OpenConnection {
    pub(crate) fn new(facts: Connection, subprotocol: Option<Box<str>>, place: Option<Place>) -> (Self, Receivers) {
        let (end, ending) = oneshot::channel();
        let connection = Self {
            last_active_ms: facts.connected_at_ms.into(),
            facts,
            subprotocol,
            outbox: Outbox::new(),
            room: Room::new(),
            turns: Semaphore::new(INVOCATIONS),
            ending: Mutex::new(Some(end)),
        };
        (connection, Receivers { ending, _place: place })
    }

    /// Milliseconds since 1970; data in either direction counts, control frames don't.
    pub(crate) fn last_active_ms(&self) -> u64 {
        self.last_active_ms.load(Ordering::Relaxed)
    }

    pub(crate) fn touch(&self, now_ms: u64) {
        self.last_active_ms.fetch_max(now_ms, Ordering::Relaxed);
    }

    /// Sends an answer, for which it waits until there is room. An answer that comes after the close is dropped, as on AWS.
    pub(crate) async fn send(&self, frame: Utf8Bytes) {
        self.outbox.push(frame).await;
    }

    /// Takes the room of a message; `None` if the client has too much under way.
    pub(crate) fn try_begin(self: &Arc<Self>, message: &Utf8Bytes) -> Option<UnderWay> {
        self.room.try_take(message.len()).ok()?;
        Some(UnderWay { connection: Arc::clone(self), length: message.len() })
    }

    /// Waits until one more message of the client may be under way. The session reads nothing in the meantime, so that TCP tells the client.
    pub(crate) async fn begin(self: &Arc<Self>, message: &Utf8Bytes) -> UnderWay {
        // This room is never closed.
        let _ = self.room.take(message.len()).await;
        UnderWay { connection: Arc::clone(self), length: message.len() }
    }

    /// Ends the connection. If it is called several times, the first reason counts.
    pub(crate) fn end(&self, why: Ending) {
        if let Some(end) = self.ending.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A session that is gone has ended already.
            let _ = end.send(why);
        }
    }
}

/// A message of a client, until its answer waits to be sent. It takes its connection's room.
#[derive(Debug)]
pub(crate) struct UnderWay {
    pub(crate) connection: Arc<OpenConnection>,
    /// Of the message, in bytes.
    length: usize,
}

impl UnderWay {
    /// Waits until a function may be invoked. The turn ends when the result is dropped.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // It fails only if the semaphore is closed, which it never is.
        self.connection.turns.acquire().await.ok()
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.connection.room.give_back(self.length);
    }
}

impl OpenConnections {
    fn lock(&self) -> MutexGuard<'_, HashMap<ConnectionId, Arc<OpenConnection>>> {
        // Every change is a single insert or remove, so a panicking holder leaves nothing half-done.
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a connection; `false` if one with its id is open.
    pub(crate) fn insert(&self, connection: Arc<OpenConnection>) -> bool {
        match self.lock().entry(connection.facts.id.clone()) {
            Entry::Occupied(_) => false,
            Entry::Vacant(free) => {
                free.insert(connection);
                true
            }
        }
    }

    /// Removes a connection. From here on a post to it gets 410.
    pub(crate) fn remove(&self, id: &ConnectionId) {
        self.lock().remove(id);
    }

    #[cfg(feature = "console")]
    pub(crate) fn all(&self) -> Vec<Arc<OpenConnection>> {
        self.lock().values().cloned().collect()
    }

    #[cfg(fuzzing)]
    pub(crate) fn count(&self) -> usize {
        self.lock().len()
    }

    pub(crate) fn get(&self, id: &ConnectionId) -> Option<Arc<OpenConnection>> {
        self.lock().get(id).cloned()
    }
}
