use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::elsewhere::{Elsewhere, QueueError};
use super::{Operation, Queues, Sender};
use crate::api::Queue;

/// Where the queues are, past the guard.
#[derive(Clone, Debug)]
pub(crate) enum QueueStore {
    Embedded(Queues),
    /// An SQS that runs elsewhere.
    Elsewhere(Arc<Elsewhere>),
}

/// What has been received and deleted by Lambda's own poller.
const POLLER: &str = "AIDALOCALGATEWAYPOLL";

impl QueueStore {
    /// Makes those of `queues` that do not exist yet. Returns the URL that each has here, by its name.
    pub(crate) async fn make(&self, queues: &[Queue]) -> Result<BTreeMap<String, String>, QueueError> {
        match self {
            Self::Embedded(embedded) => {
                embedded.make(queues);
                Ok(queues.iter().map(|queue| (queue.name.clone(), embedded.url_of(queue))).collect())
            }
            Self::Elsewhere(elsewhere) => elsewhere.make(queues).await,
        }
    }

    /// Does an operation. A `ReceiveMessage` that waits ends when `stopping` is set.
    ///
    /// # Errors
    /// The reason, in words.
    pub(crate) async fn call(
        &self,
        operation: Operation,
        request: &Value,
        stopping: &CancellationToken,
    ) -> Result<Value, String> {
        match self {
            Self::Embedded(embedded) => {
                let sender = Sender { id: POLLER.to_owned(), function: None };
                let answer = embedded.call(operation, request.to_string().into(), &sender, stopping).await;
                let answer = answer.map_err(|refusal| refusal.to_string())?;
                Ok(serde_json::from_slice(&answer).unwrap_or_default())
            }
            Self::Elsewhere(elsewhere) => {
                let answer = stopping.run_until_cancelled(elsewhere.call(operation.name(), request)).await;
                answer.unwrap_or(Ok(Value::Null))
            }
        }
    }
}
