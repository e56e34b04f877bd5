//! One batch: from the messages that were received to those that are deleted.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::failures;
use super::poller::Poller;
use crate::api::limits::{INVOCATION_BYTES, MESSAGES_A_REQUEST};
use crate::event::sqs::{self, Message, Queue};
use crate::happenings::{self, Level, What};
use crate::lambda::{ByHand, InvokeError};
use crate::sqs::Operation;

/// How long deleting messages may take in all when the gateway stops or the queue does not answer. What is not deleted comes again.
const DELETE_PATIENCE: Duration = Duration::from_secs(30);

/// What works on the batches of a poller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Batch<'p> {
    pub(super) poller: &'p Poller,
    /// The queue's URL.
    pub(super) url: &'p str,
}

impl Batch<'_> {
    /// Gives messages to the function, and deletes those that it has not failed. The others stay in the queue, where they can be received again
    /// after their visibility time-out.
    pub(super) async fn work_on(self, messages: Vec<Message>) {
        for (messages, event) in self.events(messages) {
            let started = Instant::now();
            let by_hand = ByHand::default();
            let answer = self.poller.function.invoke(event.clone(), &by_hand).await;
            let took = started.elapsed();
            let failed = self.failed(&messages, &answer);
            let done = match &failed {
                Ok(failed) => messages.iter().filter(|message| !failed.contains(&message.message_id)).collect(),
                Err(_) => Vec::new(),
            };
            self.delete(&done).await;
            self.tell(&messages, event, by_hand.has_met(), took, answer.ok(), failed);
        }
    }

    /// The events for messages: one, unless it would be larger than an invocation may be.
    fn events(self, mut messages: Vec<Message>) -> Vec<(Vec<Message>, Bytes)> {
        let Poller { queue, region, .. } = self.poller;
        let event = sqs::write(&messages, Queue { arn: &queue.arn, region });
        if event.len() <= INVOCATION_BYTES || messages.len() == 1 {
            return vec![(messages, event)];
        }
        let second = messages.split_off(messages.len() / 2);
        [self.events(messages), self.events(second)].concat()
    }

    /// The ids of the messages that have failed.
    ///
    /// # Errors
    /// Why all have.
    fn failed(self, messages: &[Message], answer: &Result<Bytes, InvokeError>) -> Result<Vec<String>, String> {
        let answer = answer.as_ref().map_err(ToString::to_string)?;
        if !self.poller.source.reports_failures {
            return Ok(Vec::new());
        }
        let batch: BTreeSet<_> = messages.iter().map(|message| message.message_id.as_str()).collect();
        failures::read(answer, &batch)
    }

    async fn delete(self, messages: &[&Message]) {
        for messages in messages.chunks(MESSAGES_A_REQUEST) {
            let entries = messages
                .iter()
                .enumerate()
                .map(|(at, message)| json!({ "Id": at.to_string(), "ReceiptHandle": message.receipt_handle }));
            let request = json!({ "QueueUrl": self.url, "Entries": entries.collect::<Value>() });
            // Also while the gateway stops: what is done must not come again.
            let never = CancellationToken::new();
            let deleting = self.poller.polling.store.call(Operation::DeleteMessageBatch, &request, &never);
            let why = match tokio::time::timeout(DELETE_PATIENCE, deleting).await {
                Ok(Ok(_)) => continue,
                Ok(Err(why)) => why,
                Err(_) => format!("no answer within {} s", DELETE_PATIENCE.as_secs()),
            };
            let queue = self.poller.queue.name.clone();
            let why = format!("messages that are done can't be deleted, so they will come again: {why}");
            self.poller.polling.happenings.tell(Level::Error, || What::NotPolled { queue, why });
        }
    }

    fn tell(
        self,
        messages: &[Message],
        event: Bytes,
        by_hand: bool,
        took: Duration,
        answer: Option<Bytes>,
        failed: Result<Vec<String>, String>,
    ) {
        let Poller { queue, source, polling, .. } = self.poller;
        let level = match &failed {
            Ok(failed) if failed.is_empty() => Level::Info,
            Ok(_) => Level::Warning,
            Err(_) => Level::Error,
        };
        polling.happenings.tell_as(by_hand, None, level, || {
            let all = || messages.iter().map(|message| message.message_id.clone()).collect();
            let (failed, error) = failed.map_or_else(|error| (all(), Some(error)), |failed| (failed, None));
            What::Batch(happenings::Batch {
                queue: queue.name.clone(),
                function: source.function.clone(),
                event,
                messages: messages.len(),
                failed,
                took,
                answer,
                error,
            })
        });
    }
}
