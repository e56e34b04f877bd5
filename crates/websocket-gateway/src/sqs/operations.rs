//! SQS's operations. `sending`, `receiving` and `describing` have what the embedded queues do for each.

use bytes::Bytes;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::large::LARGE;
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

/// What an operation does that waits for nothing.
type Work = fn(&Queues, &[u8], &Sender) -> Result<Vec<u8>, Refusal>;

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
    /// Does an operation: a large one on a thread of its own, in its turn. A `ReceiveMessage` that waits ends when `stopping` is set.
    pub(crate) async fn call(
        &self,
        operation: Operation,
        body: Bytes,
        sender: &Sender,
        stopping: &CancellationToken,
    ) -> Result<Vec<u8>, Refusal> {
        let work: Work = match operation {
            Operation::ReceiveMessage => {
                return answer(&self.receive_message(requests::read(&body)?, stopping).await?);
            }
            Operation::SendMessage => {
                |queues, body, sender| answer(&queues.send_message(&requests::read(body)?, sender)?)
            }
            Operation::SendMessageBatch => {
                |queues, body, sender| answer(&queues.send_batch(requests::read(body)?, sender)?)
            }
            Operation::DeleteMessage => |queues, body, _| queues.delete_message(&requests::read(body)?),
            Operation::DeleteMessageBatch => |queues, body, _| {
                let kind = "DeleteMessageBatchRequestEntry";
                answer(&queues.batch(requests::read(body)?, kind, |name, entry| queues.delete_received(name, entry))?)
            },
            Operation::ChangeMessageVisibility => |queues, body, _| queues.change_visibility(&requests::read(body)?),
            Operation::ChangeMessageVisibilityBatch => |queues, body, _| {
                let kind = "ChangeMessageVisibilityBatchRequestEntry";
                answer(&queues.batch(requests::read(body)?, kind, |name, entry| queues.change_received(name, entry))?)
            },
            Operation::PurgeQueue => |queues, body, _| queues.purge_queue(&requests::read(body)?),
            Operation::GetQueueUrl => |queues, body, _| answer(&queues.queue_url(&requests::read(body)?)?),
            Operation::ListQueues => |queues, body, _| answer(&queues.list(&requests::read(body)?)?),
            Operation::GetQueueAttributes => {
                |queues, body, _| answer(&queues.queue_attributes(&requests::read(body)?)?)
            }
        };
        if body.len() < LARGE {
            return work(self, &body, sender);
        }
        let (queues, sender) = (self.clone(), sender.clone());
        self.large().work(move || work(&queues, &body, &sender)).await
    }
}

fn answer(answer: &impl Serialize) -> Result<Vec<u8>, Refusal> {
    // Nothing in an answer can fail to be written.
    Ok(serde_json::to_vec(answer).unwrap_or_default())
}
