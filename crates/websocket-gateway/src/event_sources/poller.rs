//! Receives the messages of one event source, and gives them to the function in batches.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::Polling;
use super::batch::Batch;
use crate::api::limits::{LONGEST_RECEIVE_WAIT, MESSAGES_A_REQUEST};
use crate::api::{EventSource, Queue};
use crate::clock::millis;
use crate::event::sqs::{self, Message};
use crate::happenings::{Level, What};
use crate::lambda::Callable;
use crate::sqs::Operation;

/// How long to wait until a queue is asked again that did not answer. It is another program that has a moment's trouble, or has ended.
const NEXT_TRY: Duration = Duration::from_secs(1);

/// One event source while its deployment is served.
#[derive(Debug)]
pub(super) struct Poller {
    pub(super) source: EventSource,
    pub(super) queue: Queue,
    pub(super) region: String,
    pub(super) function: Callable,
    pub(super) polling: Polling,
    /// As many as this source may have batches in progress.
    pub(super) own_turns: Arc<Semaphore>,
    /// As many as all sources may have.
    pub(super) turns: Arc<Semaphore>,
    /// Set when no more is to be received for this deployment.
    pub(super) receiving: CancellationToken,
}

impl Poller {
    /// Receives until that is to end. What has been received by then is still given to the function.
    pub(super) async fn run(self) {
        let poller = Arc::new(self);
        let (url, mut fails) = (poller.queue.url.clone(), false);
        loop {
            // Before messages are received, which are not to wait for a turn while their visibility time-out goes on.
            let turns =
                async { (poller.own_turns.clone().acquire_owned().await, poller.turns.clone().acquire_owned().await) };
            let Some((Ok(own_turn), Ok(turn))) = poller.receiving.run_until_cancelled(turns).await else { return };
            match poller.collect(&url).await {
                Ok(messages) => {
                    fails = false;
                    if messages.is_empty() {
                        continue;
                    }
                    let (poller, url) = (Arc::clone(&poller), url.clone());
                    let tasks = poller.polling.tasks.clone();
                    tasks.spawn(async move {
                        Batch { poller: &poller, url: &url }.work_on(messages).await;
                        drop((own_turn, turn));
                    });
                }
                Err(why) => {
                    if !fails {
                        let queue = poller.queue.name.clone();
                        poller.polling.happenings.tell(Level::Warning, || What::NotPolled { queue, why });
                    }
                    fails = true;
                    let pause = tokio::time::sleep(NEXT_TRY);
                    if poller.receiving.run_until_cancelled(pause).await.is_none() {
                        return;
                    }
                }
            }
        }
    }

    /// Waits for the first messages, and for more until the batch is full or its window is over.
    async fn collect(&self, url: &str) -> Result<Vec<Message>, String> {
        let mut messages = self.receive(url, self.source.batch_size, LONGEST_RECEIVE_WAIT).await?;
        if messages.is_empty() {
            return Ok(messages);
        }
        let until_ms = self.polling.clock.now_ms().saturating_add(millis(self.source.batching_window));
        while messages.len() < self.source.batch_size && !self.receiving.is_cancelled() {
            let left_ms = until_ms.saturating_sub(self.polling.clock.now_ms());
            if left_ms == 0 {
                break;
            }
            // SQS counts whole seconds. The last part of one is waited for without it.
            let wait = Duration::from_secs(left_ms / 1000).min(LONGEST_RECEIVE_WAIT);
            let more = match self.receive(url, self.source.batch_size - messages.len(), wait).await {
                Ok(more) => more,
                // What is there already must not wait for a server that has ended.
                Err(_) => break,
            };
            if more.is_empty() && wait.is_zero() {
                let rest = self.polling.clock.sleep_until(until_ms);
                if self.receiving.run_until_cancelled(rest).await.is_none() {
                    break;
                }
            }
            messages.extend(more);
        }
        Ok(messages)
    }

    /// Receives at most so many messages, and no more than one request can.
    async fn receive(&self, url: &str, most: usize, wait: Duration) -> Result<Vec<Message>, String> {
        let request = json!({
            "QueueUrl": url,
            "MaxNumberOfMessages": most.min(MESSAGES_A_REQUEST),
            "WaitTimeSeconds": wait.as_secs(),
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        let answer = self.polling.store.call(Operation::ReceiveMessage, &request, &self.receiving).await?;
        Ok(sqs::messages(answer))
    }
}
