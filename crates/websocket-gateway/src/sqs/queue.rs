//! One queue: its messages, in the order of the times at which they can be received. No I/O and no clock of its own.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use super::message::Message;
use super::receipt::Receipt;
use crate::api;
use crate::clock::millis;

/// A queue and its messages. Times are milliseconds since 1970.
#[derive(Debug)]
pub(super) struct Queue {
    pub(super) facts: api::Queue,
    /// What its receipt handles begin with.
    number: u64,
    pub(super) created_ms: u64,
    pub(super) modified_ms: u64,
    pub(super) purged_ms: Option<u64>,
    /// By the time at which a message can be received next, then by the message's number.
    messages: BTreeMap<(u64, u64), Message>,
    /// The first half of each message's key.
    times: HashMap<u64, u64>,
    /// By the time at which a message was sent.
    ages: BTreeSet<(u64, u64)>,
    /// Wakes those who wait for a message.
    pub(super) arrived: Arc<Notify>,
}

/// A message that was received, with its receipt handle.
#[derive(Clone, Debug)]
pub(super) struct Delivery {
    pub(super) message: Message,
    pub(super) handle: String,
}

/// How many messages a queue has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) visible: usize,
    pub(super) in_flight: usize,
    pub(super) delayed: usize,
}

/// Why the visibility of a message can't be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NotInFlight {
    /// It is not there any more, or was received again since.
    Gone,
    /// It can be received already.
    Visible,
}

impl Queue {
    pub(super) fn new(facts: api::Queue, now_ms: u64) -> Self {
        Self {
            facts,
            number: rand::random(),
            created_ms: now_ms,
            modified_ms: now_ms,
            purged_ms: None,
            messages: BTreeMap::new(),
            times: HashMap::new(),
            ages: BTreeSet::new(),
            arrived: Arc::default(),
        }
    }

    /// Adds a message that can be received from a time on.
    pub(super) fn add(&mut self, number: u64, message: Message, at_ms: u64) {
        self.ages.insert((message.sent.sent_ms, number));
        self.put(number, message, at_ms);
        self.arrived.notify_waiters();
    }

    /// The next messages that can be received now, and those that were received too often and belong into the dead-letter queue now.
    pub(super) fn receive(
        &mut self,
        most: usize,
        visibility: Duration,
        now_ms: u64,
    ) -> (Vec<Delivery>, Vec<(u64, Message)>) {
        let most_receives = self.facts.redrive.as_ref().map_or(u32::MAX, |redrive| redrive.max_receive_count);
        let (mut received, mut dead) = (Vec::new(), Vec::new());
        while received.len() < most {
            let Some(number) = self.first(now_ms) else { break };
            let Some(mut message) = self.take(number) else { break };
            if message.receives >= most_receives {
                self.ages.remove(&(message.sent.sent_ms, number));
                dead.push((number, message));
                continue;
            }
            message.receives = message.receives.saturating_add(1);
            message.first_received_ms.get_or_insert(now_ms);
            message.receipt = rand::random();
            received.push((number, message));
        }
        // Only now: with a time-out of zero, they would be received twice.
        let visible_ms = now_ms.saturating_add(millis(visibility));
        let deliveries = received.into_iter().map(|(number, message)| {
            self.put(number, message.clone(), visible_ms);
            let receipt = Receipt { queue: self.number, message: number, receipt: message.receipt };
            Delivery { message, handle: receipt.write() }
        });
        (deliveries.collect(), dead)
    }

    /// When the next message can be received; `None` if there is no message.
    pub(super) fn next_ms(&self) -> Option<u64> {
        self.messages.keys().next().map(|(at_ms, _)| *at_ms)
    }

    /// Reads a receipt handle of this queue's.
    pub(super) fn receipt(&self, handle: &str) -> Option<Receipt> {
        Receipt::read(handle).filter(|receipt| receipt.queue == self.number)
    }

    /// Deletes a message. An older receipt handle than the latest deletes nothing, and is not an error.
    pub(super) fn delete(&mut self, receipt: Receipt) -> Option<Message> {
        self.latest(receipt)?;
        let message = self.take(receipt.message)?;
        self.ages.remove(&(message.sent.sent_ms, receipt.message));
        Some(message)
    }

    /// Lets a message that is in flight be received again after this time from now.
    pub(super) fn change_visibility(
        &mut self,
        receipt: Receipt,
        visibility: Duration,
        now_ms: u64,
    ) -> Result<(), NotInFlight> {
        let (at_ms, _) = self.latest(receipt).ok_or(NotInFlight::Gone)?;
        if at_ms <= now_ms {
            return Err(NotInFlight::Visible);
        }
        let message = self.take(receipt.message).ok_or(NotInFlight::Gone)?;
        self.put(receipt.message, message, now_ms.saturating_add(millis(visibility)));
        self.arrived.notify_waiters();
        Ok(())
    }

    /// Removes every message.
    pub(super) fn purge(&mut self, now_ms: u64) -> Vec<Message> {
        self.purged_ms = Some(now_ms);
        self.times.clear();
        self.ages.clear();
        std::mem::take(&mut self.messages).into_values().collect()
    }

    /// Removes the messages that are older than the queue keeps them.
    pub(super) fn expire(&mut self, now_ms: u64) -> Vec<Message> {
        let retention_ms = millis(self.facts.retention);
        let mut expired = Vec::new();
        while let Some(&(sent_ms, number)) = self.ages.first()
            && sent_ms.saturating_add(retention_ms) <= now_ms
        {
            self.ages.pop_first();
            expired.extend(self.take(number));
        }
        expired
    }

    pub(super) fn counts(&self, now_ms: u64) -> Counts {
        let mut counts = Counts::default();
        for ((at_ms, _), message) in &self.messages {
            let count = match message.receives {
                _ if *at_ms <= now_ms => &mut counts.visible,
                0 => &mut counts.delayed,
                _ => &mut counts.in_flight,
            };
            *count += 1;
        }
        counts
    }

    /// The number of the first message that can be received now.
    fn first(&self, now_ms: u64) -> Option<u64> {
        let (at_ms, number) = *self.messages.keys().next()?;
        (at_ms <= now_ms).then_some(number)
    }

    /// The key of the message, if this is its latest receipt.
    fn latest(&self, receipt: Receipt) -> Option<(u64, u64)> {
        let key = (*self.times.get(&receipt.message)?, receipt.message);
        self.messages.get(&key).filter(|message| message.receipt == receipt.receipt)?;
        Some(key)
    }

    fn put(&mut self, number: u64, message: Message, at_ms: u64) {
        self.times.insert(number, at_ms);
        self.messages.insert((at_ms, number), message);
    }

    fn take(&mut self, number: u64) -> Option<Message> {
        let at_ms = self.times.remove(&number)?;
        self.messages.remove(&(at_ms, number))
    }
}
