//! What answers say. A member without a value is left out.

use std::collections::BTreeMap;

use serde::Serialize;

use super::attributes::{self, Attributes};
use super::message::Message;
use super::queue::Delivery;
use super::refusal::{Kind, Refusal};
use super::requests::{Receive, TRACE_HEADER};

/// A message that was sent: an answer, or an entry in the answer to a batch.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Sent {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<String>,
    pub(super) message_id: String,
    #[serde(rename = "MD5OfMessageBody")]
    pub(super) md5_of_body: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    pub(super) md5_of_attributes: Option<String>,
    #[serde(rename = "MD5OfMessageSystemAttributes", skip_serializing_if = "Option::is_none")]
    pub(super) md5_of_system_attributes: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Messages {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) messages: Vec<Received>,
}

/// A message that was received.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Received {
    message_id: String,
    receipt_handle: String,
    #[serde(rename = "MD5OfBody")]
    md5_of_body: String,
    body: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    md5_of_attributes: Option<String>,
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    message_attributes: Attributes,
}

/// What became of the entries of a batch.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch<S> {
    pub(super) successful: Vec<S>,
    pub(super) failed: Vec<Failed>,
}

/// An entry of a batch that was done, if there is nothing else to say about it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Done {
    pub(super) id: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Failed {
    id: String,
    sender_fault: bool,
    code: &'static str,
    message: String,
}

/// The attributes that SQS itself gives a message.
/// Source: Amazon SQS API reference, `ReceiveMessage`, `MessageSystemAttributeNames`.
const SYSTEM: [&str; 9] = [
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "DeadLetterQueueSourceArn",
    "MessageDeduplicationId",
    "MessageGroupId",
    "SenderId",
    "SentTimestamp",
    "SequenceNumber",
    TRACE_HEADER,
];

impl Failed {
    pub(super) fn new(id: &str, refusal: Refusal) -> Self {
        Self { id: id.to_owned(), sender_fault: true, code: refusal.kind.code, message: refusal.message }
    }
}

impl Received {
    /// What of a message its receiver has asked for. The names must have been [checked](check_names).
    pub(super) fn new(Delivery { message, handle }: Delivery, request: &Receive) -> Self {
        let system = request.message_system_attribute_names.iter().chain(&request.attribute_names).flatten();
        let system: Vec<_> = system.map(String::as_str).collect();
        let asked = |name: &str| system.iter().any(|asked| *asked == name || *asked == "All");
        let attributes = system_attributes(&message).into_iter().filter(|(name, _)| asked(name)).collect();
        let names = request.message_attribute_names.as_deref().unwrap_or_default();
        let message_attributes = attributes::asked_for(&message.sent.attributes, names);
        Self {
            message_id: message.sent.id.clone(),
            receipt_handle: handle,
            md5_of_body: message.sent.md5_of_body.clone(),
            body: message.sent.body.clone(),
            attributes,
            md5_of_attributes: attributes::md5_of_attributes(&message_attributes),
            message_attributes,
        }
    }
}

/// Refuses names that no attribute of SQS's own has.
pub(super) fn check_names(request: &Receive) -> Result<(), Refusal> {
    let names = request.message_system_attribute_names.iter().chain(&request.attribute_names).flatten();
    match names.into_iter().find(|name| *name != "All" && !SYSTEM.contains(&name.as_str())) {
        Some(unknown) => Err(Refusal::new(Kind::INVALID_ATTRIBUTE_NAME, format!("Unknown Attribute {unknown}."))),
        None => Ok(()),
    }
}

fn system_attributes(message: &Message) -> Vec<(&'static str, String)> {
    let Message { sent, receives, first_received_ms, dead_letter_source, .. } = message;
    let optional = [
        ("DeadLetterQueueSourceArn", dead_letter_source),
        ("MessageGroupId", &sent.group),
        (TRACE_HEADER, &sent.trace_header),
    ];
    let optional = optional.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
    [
        ("ApproximateFirstReceiveTimestamp", first_received_ms.unwrap_or_default().to_string()),
        ("ApproximateReceiveCount", receives.to_string()),
        ("SenderId", sent.sender_id.clone()),
        ("SentTimestamp", sent.sent_ms.to_string()),
    ]
    .into_iter()
    .chain(optional)
    .collect()
}
