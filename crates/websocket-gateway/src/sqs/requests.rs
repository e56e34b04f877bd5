//! What requests say, and what of it is checked before a queue is looked at.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::attributes::{self, Attributes};
use super::refusal::{Kind, Refusal};
use crate::api::limits;

/// A message to send: a request of its own, or an entry of a batch.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct SendMessage {
    pub(super) queue_url: Option<String>,
    pub(super) id: Option<String>,
    pub(super) message_body: Option<String>,
    pub(super) delay_seconds: Option<i64>,
    pub(super) message_attributes: Option<Attributes>,
    pub(super) message_system_attributes: Option<Attributes>,
    pub(super) message_group_id: Option<String>,
    pub(super) message_deduplication_id: Option<String>,
}

/// A message that was received, to delete or to change: a request of its own, or an entry of a batch.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Received {
    pub(super) queue_url: Option<String>,
    pub(super) id: Option<String>,
    pub(super) receipt_handle: Option<String>,
    pub(super) visibility_timeout: Option<i64>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Receive {
    pub(super) queue_url: Option<String>,
    pub(super) max_number_of_messages: Option<i64>,
    pub(super) visibility_timeout: Option<i64>,
    pub(super) wait_time_seconds: Option<i64>,
    /// The older name of the next.
    pub(super) attribute_names: Option<Vec<String>>,
    pub(super) message_system_attribute_names: Option<Vec<String>>,
    pub(super) message_attribute_names: Option<Vec<String>>,
}

/// What is asked about a queue, or about all.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Ask {
    pub(super) queue_url: Option<String>,
    pub(super) queue_name: Option<String>,
    pub(super) queue_name_prefix: Option<String>,
    pub(super) attribute_names: Option<Vec<String>>,
    pub(super) max_results: Option<i64>,
    pub(super) next_token: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(super) struct Batch<E> {
    pub(super) queue_url: Option<String>,
    pub(super) entries: Option<Vec<E>>,
}

impl<E> Default for Batch<E> {
    fn default() -> Self {
        Self { queue_url: None, entries: None }
    }
}

/// What has an id of its own in a batch.
pub(super) trait Entry {
    fn id(&self) -> &str;
}

impl Entry for SendMessage {
    fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }
}

impl Entry for Received {
    fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }
}

/// Reads the body of a request.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    // Otherwise serde would read an array as the fields in their order.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Refusal::new(Kind::SERIALIZATION, "The body is not a JSON object."));
    }
    serde_json::from_slice(body)
        .map_err(|error| Refusal::new(Kind::SERIALIZATION, format!("The body can't be read: {error}.")))
}

/// The name of the queue that a URL names.
pub(super) fn queue_named(url: Option<&str>) -> Result<String, Refusal> {
    let url = url.filter(|url| !url.is_empty()).ok_or_else(|| Refusal::missing("QueueUrl"))?;
    let name = url.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    if name.ends_with(".fifo") {
        let why = format!("{name} is a FIFO queue, and the gateway has standard queues only.");
        return Err(Refusal::new(Kind::UNSUPPORTED_OPERATION, why));
    }
    Ok(name.to_owned())
}

/// Checks the entries of a batch as a whole. `kind` is what their type is called.
/// Source: Amazon SQS API reference, `SendMessageBatch`, "Errors".
pub(super) fn entries<E: Entry>(entries: Option<Vec<E>>, kind: &str) -> Result<Vec<E>, Refusal> {
    let entries = entries.unwrap_or_default();
    let most = limits::MESSAGES_A_REQUEST;
    if entries.is_empty() {
        let why = format!("There should be at least one {kind} in the request.");
        return Err(Refusal::new(Kind::EMPTY_BATCH_REQUEST, why));
    }
    if entries.len() > most {
        let why = format!("Maximum number of entries per request are {most}. You have sent {}.", entries.len());
        return Err(Refusal::new(Kind::TOO_MANY_ENTRIES, why));
    }
    for (at, entry) in entries.iter().enumerate() {
        let id = entry.id();
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if id.is_empty() || id.len() > 80 || !id.chars().all(allowed) {
            let why = "A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.";
            return Err(Refusal::new(Kind::INVALID_BATCH_ENTRY_ID, why));
        }
        if entries.iter().take(at).any(|other| other.id() == id) {
            return Err(Refusal::new(Kind::BATCH_ENTRY_IDS_NOT_DISTINCT, format!("Id {id} repeated.")));
        }
    }
    Ok(entries)
}

/// A number of seconds from zero to the most.
pub(super) fn seconds(value: i64, parameter: &str, most: Duration) -> Result<Duration, Refusal> {
    let most = most.as_secs();
    let fits = u64::try_from(value).ok().filter(|seconds| *seconds <= most);
    fits.map(Duration::from_secs)
        .ok_or_else(|| Refusal::invalid(value, parameter, &format!("Must be >= 0 and <= {most}, if provided.")))
}

impl SendMessage {
    /// The body, and the attributes that the sender has given.
    pub(super) fn contents(&self) -> Result<(&str, Attributes), Refusal> {
        let body = self.message_body.as_deref().filter(|body| !body.is_empty());
        let body = body.ok_or_else(|| Refusal::missing("MessageBody"))?;
        if let Some(bad) = body.chars().find(|c| !is_allowed(*c)) {
            let why = format!(
                "Invalid binary character '#x{:X}' was found in the message body, the set of allowed characters is #x9 | #xA | #xD | #x20 to \
                 #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF",
                u32::from(bad)
            );
            return Err(Refusal::new(Kind::INVALID_MESSAGE_CONTENTS, why));
        }
        if let Some(id) = &self.message_deduplication_id {
            let why = "The request include parameter that is not valid for this queue type.";
            return Err(Refusal::invalid(id, "MessageDeduplicationId", why));
        }
        let attributes = self.message_attributes.clone().unwrap_or_default();
        attributes::check(&attributes)?;
        Ok((body, attributes))
    }

    /// The one attribute of the system's that a sender may set.
    pub(super) fn trace_header(&self) -> Result<Option<String>, Refusal> {
        let Some(attributes) = &self.message_system_attributes else { return Ok(None) };
        match attributes.iter().find(|(name, _)| *name != TRACE_HEADER) {
            Some((name, _)) => {
                let why = format!("Message system attribute name '{name}' is invalid: it can only be {TRACE_HEADER}.");
                Err(Refusal::new(Kind::INVALID_PARAMETER_VALUE, why))
            }
            None => Ok(attributes.get(TRACE_HEADER).and_then(|header| header.string_value.clone())),
        }
    }
}

pub(super) const TRACE_HEADER: &str = "AWSTraceHeader";

/// Source: Amazon SQS API reference, `SendMessage`, `MessageBody`.
fn is_allowed(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}
