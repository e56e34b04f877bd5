//! SQS's operations. `sending`, `receiving` and `describing` have what the embedded queues do for each.

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::queues::Queues;
use super::refusal::{Kind, Refusal};
use super::requests;

/// An operation that the embedded queues know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    ChangeMessageVisibility,
    ChangeMessageVisibilityBatch,
    DeleteMessage,
    DeleteMessageBatch,
    GetQueueAttributes,
    GetQueueUrl,
    ListQueues,
    PurgeQueue,
    ReceiveMessage,
    SendMessage,
    SendMessageBatch,
}

/// Who sends.
#[derive(Clone, Debug)]
pub(crate) struct Sender {
    /// The `SenderId` of its messages.
    pub(crate) id: String,
    /// The function, by its logical id; `None` for another sender.
    pub(crate) function: Option<String>,
}

/// SQS's other operations: they make and change queues, which is the template's part here.
const UNSUPPORTED: [&str; 12] = [
    "AddPermission",
    "CancelMessageMoveTask",
    "CreateQueue",
    "DeleteQueue",
    "ListDeadLetterSourceQueues",
    "ListMessageMoveTasks",
    "ListQueueTags",
    "RemovePermission",
    "SetQueueAttributes",
    "StartMessageMoveTask",
    "TagQueue",
    "UntagQueue",
];

impl Operation {
    const ALL: [(&'static str, Self); 11] = [
        ("ChangeMessageVisibility", Self::ChangeMessageVisibility),
        ("ChangeMessageVisibilityBatch", Self::ChangeMessageVisibilityBatch),
        ("DeleteMessage", Self::DeleteMessage),
        ("DeleteMessageBatch", Self::DeleteMessageBatch),
        ("GetQueueAttributes", Self::GetQueueAttributes),
        ("GetQueueUrl", Self::GetQueueUrl),
        ("ListQueues", Self::ListQueues),
        ("PurgeQueue", Self::PurgeQueue),
        ("ReceiveMessage", Self::ReceiveMessage),
        ("SendMessage", Self::SendMessage),
        ("SendMessageBatch", Self::SendMessageBatch),
    ];

    /// # Errors
    /// If SQS has no operation of this name, or the embedded queues don't have it.
    pub(crate) fn named(name: &str) -> Result<Self, Refusal> {
        if let Some((_, operation)) = Self::ALL.into_iter().find(|(known, _)| *known == name) {
            return Ok(operation);
        }
        Err(if UNSUPPORTED.contains(&name) {
            let why = format!(
                "The gateway has no {name}: its queues are those of the template, as the template describes them."
            );
            Refusal::new(Kind::UNSUPPORTED_OPERATION, why)
        } else {
            let why = if name.is_empty() {
                "The header X-Amz-Target names no operation."
            } else {
                "SQS has no such operation."
            };
            Refusal::new(Kind::UNKNOWN_OPERATION, why)
        })
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(_, operation)| *operation == self).map_or("", |(name, _)| name)
    }
}

impl Queues {
    /// Does an operation. A `ReceiveMessage` that waits ends when `stopping` is set.
    pub(crate) async fn call(
        &self,
        operation: Operation,
        body: &[u8],
        sender: &Sender,
        stopping: &CancellationToken,
    ) -> Result<Vec<u8>, Refusal> {
        match operation {
            Operation::SendMessage => answer(&self.send_message(&requests::read(body)?, sender)?),
            Operation::SendMessageBatch => answer(&self.send_batch(requests::read(body)?, sender)?),
            Operation::ReceiveMessage => answer(&self.receive_message(requests::read(body)?, stopping).await?),
            Operation::DeleteMessage => self.delete_message(&requests::read(body)?),
            Operation::DeleteMessageBatch => {
                let kind = "DeleteMessageBatchRequestEntry";
                answer(&self.batch(requests::read(body)?, kind, |queue, entry| self.delete_received(queue, entry))?)
            }
            Operation::ChangeMessageVisibility => self.change_visibility(&requests::read(body)?),
            Operation::ChangeMessageVisibilityBatch => {
                let kind = "ChangeMessageVisibilityBatchRequestEntry";
                answer(&self.batch(requests::read(body)?, kind, |queue, entry| self.change_received(queue, entry))?)
            }
            Operation::PurgeQueue => self.purge_queue(&requests::read(body)?),
            Operation::GetQueueUrl => answer(&self.queue_url(&requests::read(body)?)?),
            Operation::ListQueues => answer(&self.list(&requests::read(body)?)?),
            Operation::GetQueueAttributes => answer(&self.queue_attributes(&requests::read(body)?)?),
        }
    }
}

fn answer(answer: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    // Nothing in an answer can fail to be written.
    Ok(serde_json::to_vec(answer).unwrap_or_default())
}
