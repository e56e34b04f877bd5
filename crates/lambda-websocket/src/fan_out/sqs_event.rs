//! What Lambda hands to a function on an SQS queue, and what the function answers.

use serde::{Deserialize, Serialize};

/// Messages of a queue.
/// Source: AWS Lambda developer guide, "Using Lambda with Amazon SQS".
#[derive(Debug, Deserialize)]
pub(super) struct SqsEvent {
    #[serde(rename = "Records")]
    pub(super) records: Vec<Record>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Record {
    pub(super) message_id: String,
    pub(super) body: String,
}

/// The messages that come back after the visibility timeout, if the event source has `ReportBatchItemFailures`. The others are done.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SqsBatchResponse {
    batch_item_failures: Vec<Failure>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    item_identifier: String,
}

impl SqsBatchResponse {
    pub(super) fn add_failure(&mut self, message_id: String) {
        self.batch_item_failures.push(Failure { item_identifier: message_id });
    }
}
