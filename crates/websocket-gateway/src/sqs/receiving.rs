//! `ReceiveMessage`, and what becomes of the messages that were received: `DeleteMessage` and `ChangeMessageVisibility`, with their batches.

use tokio_util::sync::CancellationToken;

use super::answers::{self, Batch, Done, Failed, Messages};
use super::queue::NotInFlight;
use super::queues::{Queues, Wanted};
use super::refusal::{Kind, Refusal};
use super::requests::{self, Entry, Receive, Received, queue_named};
use crate::api::limits;

impl Queues {
    pub(super) async fn receive_message(
        &self,
        request: Receive,
        stopping: &CancellationToken,
    ) -> Result<Messages, Refusal> {
        let name = queue_named(request.queue_url.as_deref())?;
        let most = request.max_number_of_messages.unwrap_or(1);
        let most = usize::try_from(most).ok().filter(|most| (1..=limits::MESSAGES_A_REQUEST).contains(most));
        let most = most.ok_or_else(|| {
            let value = request.max_number_of_messages.unwrap_or_default();
            Refusal::invalid(value, "MaxNumberOfMessages", "Must be between 1 and 10, if provided.")
        })?;
        let seconds = |value: Option<i64>, parameter, most| {
            value.map(|value| requests::seconds(value, parameter, most)).transpose()
        };
        let wait = seconds(request.wait_time_seconds, "WaitTimeSeconds", limits::LONGEST_RECEIVE_WAIT)?;
        let visibility = seconds(request.visibility_timeout, "VisibilityTimeout", limits::LONGEST_VISIBILITY_TIMEOUT)?;
        answers::check_names(&request)?;
        let wanted = Wanted { most, visibility, wait };
        let received = stopping.run_until_cancelled(self.receive(&name, wanted)).await;
        let received = received.unwrap_or_else(|| Ok(Vec::new()))?;
        Ok(Messages {
            messages: received.into_iter().map(|delivery| answers::Received::new(delivery, &request)).collect(),
        })
    }

    pub(super) fn delete_message(&self, request: &Received) -> Result<Vec<u8>, Refusal> {
        self.delete_received(&queue_named(request.queue_url.as_deref())?, request).map(|()| Vec::new())
    }

    pub(super) fn change_visibility(&self, request: &Received) -> Result<Vec<u8>, Refusal> {
        self.change_received(&queue_named(request.queue_url.as_deref())?, request).map(|()| Vec::new())
    }

    pub(super) fn batch(
        &self,
        request: requests::Batch<Received>,
        kind: &str,
        work: impl Fn(&str, &Received) -> Result<(), Refusal>,
    ) -> Result<Batch<Done>, Refusal> {
        let name = queue_named(request.queue_url.as_deref())?;
        let entries = requests::entries(request.entries, kind)?;
        self.with(&name, |_, _| ())?;
        let mut batch = Batch { successful: Vec::new(), failed: Vec::new() };
        for entry in entries {
            match work(&name, &entry) {
                Ok(()) => batch.successful.push(Done { id: entry.id().to_owned() }),
                Err(refusal) => batch.failed.push(Failed::new(entry.id(), refusal)),
            }
        }
        Ok(batch)
    }

    pub(super) fn delete_received(&self, queue: &str, received: &Received) -> Result<(), Refusal> {
        let handle = received.receipt_handle.as_deref().filter(|handle| !handle.is_empty());
        let handle = handle.ok_or_else(|| Refusal::missing("ReceiptHandle"))?;
        self.delete(queue, handle)?.ok_or_else(|| invalid_handle(handle))
    }

    pub(super) fn change_received(&self, queue: &str, received: &Received) -> Result<(), Refusal> {
        let handle = received.receipt_handle.as_deref().filter(|handle| !handle.is_empty());
        let handle = handle.ok_or_else(|| Refusal::missing("ReceiptHandle"))?;
        let timeout = received.visibility_timeout.ok_or_else(|| Refusal::missing("VisibilityTimeout"))?;
        let timeout = requests::seconds(timeout, "VisibilityTimeout", limits::LONGEST_VISIBILITY_TIMEOUT)?;
        let changed = self.with(queue, |queue, now_ms| {
            queue.receipt(handle).map(|receipt| queue.change_visibility(receipt, timeout, now_ms))
        })?;
        changed.ok_or_else(|| invalid_handle(handle))?.map_err(|error| match error {
            NotInFlight::Gone => {
                let why = "Message does not exist or is not available for visibility timeout change.";
                Refusal::invalid(handle, "ReceiptHandle", why)
            }
            NotInFlight::Visible => Refusal::new(Kind::MESSAGE_NOT_INFLIGHT, "The message is not in flight."),
        })
    }
}

fn invalid_handle(handle: &str) -> Refusal {
    let why = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
    Refusal::new(Kind::RECEIPT_HANDLE_IS_INVALID, why)
}
