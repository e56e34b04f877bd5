//! All queues of a gateway, and who waits for their messages.

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::large::Large;
use super::message::Message;
use super::queue::{Delivery, Queue};
use super::refusal::{Kind, Refusal};
use crate::api::{self, limits};
use crate::clock::{Clock, millis};
use crate::happenings::{HappeningSender, Level, What};

/// How many messages all queues may have together: as many as may be in flight in one queue on AWS, so that this limit always comes first.
const MESSAGES: usize = limits::IN_FLIGHT;

/// How many bytes all messages may have together: 256 of the largest, or as many short ones as there may be.
const BYTES: usize = 256 * 1024 * 1024;

/// [`MESSAGES`] and [`BYTES`], which tests lower.
#[derive(Clone, Copy, Debug)]
struct Room {
    messages: usize,
    bytes: usize,
}

/// The queues. A clone has the same ones.
#[derive(Clone, Debug)]
pub(crate) struct Queues(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clock: Clock,
    happenings: HappeningSender,
    /// Where functions find the queues: `http://127.0.0.1:3003`.
    url: String,
    room: Room,
    /// Never locked across an await.
    state: Mutex<State>,
    large: Large,
}

#[derive(Debug, Default)]
pub(super) struct State {
    queues: BTreeMap<String, Queue>,
    messages: usize,
    bytes: usize,
    /// The number of the message that was sent last.
    last: u64,
}

/// What a `ReceiveMessage` asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) most: usize,
    /// `None` for the queue's own.
    pub(super) visibility: Option<Duration>,
    /// `None` for the queue's own.
    pub(super) wait: Option<Duration>,
}

impl Queues {
    /// No queues yet. `url` is where functions will find them.
    pub(crate) fn new(clock: Clock, happenings: HappeningSender, url: &str) -> Self {
        Self::with_room(clock, happenings, url, Room { messages: MESSAGES, bytes: BYTES })
    }

    fn with_room(clock: Clock, happenings: HappeningSender, url: &str, room: Room) -> Self {
        let (state, large) = (Mutex::default(), Large::new());
        Self(Arc::new(Shared { clock, happenings, url: url.to_owned(), room, state, large }))
    }

    /// Makes the queues that are missing, and gives those that exist their new properties. Their messages stay, and so do queues that are not
    /// among these any more.
    pub(crate) fn make(&self, queues: &[api::Queue]) {
        let now_ms = self.now_ms();
        let mut state = self.lock();
        for facts in queues {
            match state.queues.get_mut(&facts.name) {
                Some(queue) if queue.facts != *facts => {
                    queue.facts = facts.clone();
                    queue.modified_ms = now_ms;
                    queue.arrived.notify_waiters();
                }
                Some(_) => {}
                None => {
                    state.queues.insert(facts.name.clone(), Queue::new(facts.clone(), now_ms));
                }
            }
        }
    }

    /// The URL of a queue here.
    pub(crate) fn url_of(&self, queue: &api::Queue) -> String {
        let account = queue.arn.rsplit(':').nth(1).unwrap_or_default();
        format!("{}/{account}/{}", self.0.url, queue.name)
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.0.clock.now_ms()
    }

    pub(super) fn large(&self) -> &Large {
        &self.0.large
    }

    pub(super) fn happenings(&self) -> &HappeningSender {
        &self.0.happenings
    }

    /// The names of all queues, in their order.
    pub(super) fn names(&self) -> Vec<String> {
        self.lock().queues.keys().cloned().collect()
    }

    /// Does something with one queue, after the messages that are too old are gone.
    pub(super) fn with<T>(&self, name: &str, work: impl FnOnce(&mut Queue, u64) -> T) -> Result<T, Refusal> {
        self.with_state(name, |state| {
            let now_ms = self.now_ms();
            state.queues.get_mut(name).map(|queue| work(queue, now_ms))
        })
    }

    /// Adds messages, all or none.
    pub(super) fn send(&self, name: &str, messages: Vec<(Message, Duration)>) -> Result<(), Refusal> {
        self.with_state(name, |state| {
            let bytes: usize = messages.iter().map(|(message, _)| message.room()).sum();
            let Room { messages: most_messages, bytes: most_bytes } = self.0.room;
            if state.messages + messages.len() > most_messages || state.bytes + bytes > most_bytes {
                let why = format!(
                    "The gateway has no room for more messages: its queues have {} of {most_messages}, and {} of {most_bytes} bytes.",
                    state.messages, state.bytes
                );
                return Some(Err(Refusal::new(Kind::REQUEST_THROTTLED, why)));
            }
            let queue = state.queues.get_mut(name)?;
            state.messages += messages.len();
            state.bytes += bytes;
            for (message, delay) in messages {
                state.last += 1;
                let at_ms = message.sent.sent_ms.saturating_add(millis(delay));
                queue.add(state.last, message, at_ms);
            }
            Some(Ok(()))
        })?
    }

    /// Deletes the message of a receipt handle; `None` if it is not a handle of this queue.
    pub(super) fn delete(&self, name: &str, handle: &str) -> Result<Option<()>, Refusal> {
        self.with_state(name, |state| {
            let queue = state.queues.get_mut(name)?;
            let Some(receipt) = queue.receipt(handle) else { return Some(None) };
            let gone = queue.delete(receipt);
            state.forget(gone.as_slice());
            Some(Some(()))
        })
    }

    /// Removes all messages of a queue.
    pub(super) fn purge(&self, name: &str) -> Result<(), Refusal> {
        let now_ms = self.now_ms();
        self.with_state(name, |state| {
            let queue = state.queues.get_mut(name)?;
            let pause_ms = millis(limits::PURGE_PAUSE);
            if queue.purged_ms.is_some_and(|purged_ms| now_ms < purged_ms.saturating_add(pause_ms)) {
                let why = format!("Only one PurgeQueue operation on {name} is allowed every 60 seconds.");
                return Some(Err(Refusal::new(Kind::PURGE_QUEUE_IN_PROGRESS, why)));
            }
            let gone = queue.purge(now_ms);
            state.forget(&gone);
            Some(Ok(()))
        })?
    }

    /// Receives messages. If there are none, waits for the first as long as is asked for. A future that is dropped has received nothing.
    pub(super) async fn receive(&self, name: &str, wanted: Wanted) -> Result<Vec<Delivery>, Refusal> {
        let (arrived, wait) =
            self.with(name, |queue, _| (Arc::clone(&queue.arrived), wanted.wait.unwrap_or(queue.facts.receive_wait)))?;
        let deadline_ms = self.now_ms().saturating_add(millis(wait));
        loop {
            // Before the look into the queue, so that a message that arrives between the two is not missed.
            let mut more = pin!(arrived.notified());
            more.as_mut().enable();
            let (received, next_ms) = self.try_receive(name, wanted)?;
            if !received.is_empty() || self.now_ms() >= deadline_ms {
                return Ok(received);
            }
            let until_ms = next_ms.map_or(deadline_ms, |next_ms| next_ms.min(deadline_ms));
            tokio::select! {
                () = more => {}
                () = self.0.clock.sleep_until(until_ms) => {}
            }
        }
    }

    /// Receives what can be received now. Otherwise says when there may be something.
    fn try_receive(&self, name: &str, wanted: Wanted) -> Result<(Vec<Delivery>, Option<u64>), Refusal> {
        let now_ms = self.now_ms();
        let mut moved = Vec::new();
        let received = self.with_state(name, |state| {
            let queue = state.queues.get_mut(name)?;
            let visibility = wanted.visibility.unwrap_or(queue.facts.visibility_timeout);
            let (received, dead) = queue.receive(wanted.most, visibility, now_ms);
            let next_ms = queue.next_ms();
            let (arn, redrive) = (queue.facts.arn.clone(), queue.facts.redrive.clone());
            // The template's reader has seen that the dead-letter queue is there.
            if let Some(redrive) = redrive
                && let Some(target) = state.queues.get_mut(&redrive.dead_letter_queue)
            {
                for (number, mut message) in dead {
                    moved.push((target.facts.name.clone(), message.sent.id.clone(), message.receives));
                    message.dead_letter_source = Some(arn.clone());
                    target.add(number, message, now_ms);
                }
            }
            Some((received, next_ms))
        })?;
        for (dead_letter_queue, message_id, receives) in moved {
            let queue = name.to_owned();
            self.0.happenings.tell(Level::Warning, || What::DeadLettered {
                queue,
                dead_letter_queue,
                message_id,
                receives,
            });
        }
        Ok(received)
    }

    fn with_state<T>(&self, name: &str, work: impl FnOnce(&mut State) -> Option<T>) -> Result<T, Refusal> {
        let now_ms = self.now_ms();
        let (done, expired) = {
            let mut state = self.lock();
            let expired = state.queues.get_mut(name).map(|queue| queue.expire(now_ms)).unwrap_or_default();
            state.forget(&expired);
            (work(&mut state), expired.len())
        };
        if expired > 0 {
            let queue = name.to_owned();
            self.0.happenings.tell(Level::Warning, || What::Expired { queue, messages: expired });
        }
        done.ok_or_else(Refusal::no_queue)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Gives back the room of messages that are gone.
    fn forget(&mut self, gone: &[Message]) {
        self.messages = self.messages.saturating_sub(gone.len());
        self.bytes = self.bytes.saturating_sub(gone.iter().map(Message::room).sum());
    }
}

#[cfg(test)]
mod tests;
