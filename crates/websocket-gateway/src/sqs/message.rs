//! A message in a queue.

use std::sync::Arc;

use super::attributes::{self, Attributes};

/// What a message takes beside its own bytes: a short message is smaller than its places in the queue.
const BYTES_A_MESSAGE: usize = 1024;

/// A message, and what has become of it so far. Times are milliseconds since 1970.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) sent: Arc<Sent>,
    pub(super) receives: u32,
    pub(super) first_received_ms: Option<u64>,
    /// What the latest receipt handle ends with. Only that handle deletes the message.
    pub(super) receipt: u64,
    /// The ARN of the queue that it has come from, in a dead-letter queue.
    pub(super) dead_letter_source: Option<String>,
}

/// What stays the same as long as there is the message.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) id: String,
    pub(super) body: String,
    pub(super) md5_of_body: String,
    pub(super) attributes: Attributes,
    /// The header with which the sender's trace goes on, if the message has one.
    pub(super) trace_header: Option<String>,
    /// The tenant of a fair queue. The gateway keeps it, and deals with all tenants alike.
    pub(super) group: Option<String>,
    pub(super) sender_id: String,
    pub(super) sent_ms: u64,
}

impl Message {
    pub(super) fn new(sent: Sent) -> Self {
        Self { sent: Arc::new(sent), receives: 0, first_received_ms: None, receipt: 0, dead_letter_source: None }
    }

    /// What it takes of the room that all messages have.
    pub(super) fn room(&self) -> usize {
        size(&self.sent.body, &self.sent.attributes) + BYTES_A_MESSAGE
    }
}

/// The size of a message as SQS counts it, in bytes.
pub(super) fn size(body: &str, attributes: &Attributes) -> usize {
    body.len() + attributes::bytes(attributes)
}
