//! What queues there are and what they are like, and `PurgeQueue`.

use std::time::Duration;

use serde_json::{Value, json};

use super::queue::{Counts, Queue};
use super::queues::Queues;
use super::refusal::{Kind, Refusal};
use super::requests::{Ask, queue_named};

impl Queues {
    pub(super) fn purge_queue(&self, request: &Ask) -> Result<Vec<u8>, Refusal> {
        self.purge(&queue_named(request.queue_url.as_deref())?).map(|()| Vec::new())
    }

    pub(super) fn queue_url(&self, request: &Ask) -> Result<Value, Refusal> {
        let name = request.queue_name.as_deref().ok_or_else(|| Refusal::missing("QueueName"))?;
        let facts = self.with(&queue_named(Some(name))?, |queue, _| queue.facts.clone())?;
        Ok(json!({ "QueueUrl": self.url_of(&facts) }))
    }

    /// The next token is the name of the last queue before.
    pub(super) fn list(&self, request: &Ask) -> Result<Value, Refusal> {
        let most = match request.max_results {
            Some(most) => usize::try_from(most)
                .ok()
                .filter(|most| (1..=1000).contains(most))
                .ok_or_else(|| Refusal::invalid(most, "MaxResults", "Must be between 1 and 1000, if provided."))?,
            None => 1000,
        };
        let prefix = request.queue_name_prefix.as_deref().unwrap_or_default();
        let after = request.next_token.as_deref().unwrap_or_default();
        let mut names: Vec<_> =
            self.names().into_iter().filter(|name| name.starts_with(prefix) && name.as_str() > after).collect();
        let more = names.len() > most;
        names.truncate(most);
        let mut urls = Vec::new();
        for name in &names {
            let facts = self.with(name, |queue, _| queue.facts.clone())?;
            urls.push(self.url_of(&facts));
        }
        let mut list = serde_json::Map::new();
        if !urls.is_empty() {
            list.insert("QueueUrls".to_owned(), urls.into());
        }
        if let Some(last) = names.pop().filter(|_| more && request.max_results.is_some()) {
            list.insert("NextToken".to_owned(), last.into());
        }
        Ok(list.into())
    }

    pub(super) fn queue_attributes(&self, request: &Ask) -> Result<Value, Refusal> {
        let name = queue_named(request.queue_url.as_deref())?;
        let known = self.with(&name, |queue, now_ms| queue_attributes(queue, now_ms))?;
        let asked = request.attribute_names.as_deref().unwrap_or_default();
        if let Some(unknown) = asked.iter().find(|name| *name != "All" && !QUEUE_ATTRIBUTES.contains(&name.as_str())) {
            return Err(Refusal::new(Kind::INVALID_ATTRIBUTE_NAME, format!("Unknown Attribute {unknown}.")));
        }
        let is_asked_for = |name: &str| asked.iter().any(|asked| asked == name || asked == "All");
        let attributes = known.into_iter().filter(|(name, _)| is_asked_for(name));
        let attributes: serde_json::Map<_, _> =
            attributes.map(|(name, value)| (name.to_owned(), Value::String(value))).collect();
        Ok(if attributes.is_empty() { json!({}) } else { json!({ "Attributes": attributes }) })
    }
}

/// What a queue may be asked for. Those that the gateway does not have are left out, as those are that a queue on AWS does not set.
/// Source: Amazon SQS API reference, `GetQueueAttributes`.
const QUEUE_ATTRIBUTES: [&str; 21] = [
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesDelayed",
    "ApproximateNumberOfMessagesNotVisible",
    "ContentBasedDeduplication",
    "CreatedTimestamp",
    "DeduplicationScope",
    "DelaySeconds",
    "FifoQueue",
    "FifoThroughputLimit",
    "KmsDataKeyReusePeriodSeconds",
    "KmsMasterKeyId",
    "LastModifiedTimestamp",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "Policy",
    "QueueArn",
    "ReceiveMessageWaitTimeSeconds",
    "RedriveAllowPolicy",
    "RedrivePolicy",
    "SqsManagedSseEnabled",
    "VisibilityTimeout",
];

fn queue_attributes(queue: &Queue, now_ms: u64) -> Vec<(&'static str, String)> {
    let facts = &queue.facts;
    let Counts { visible, in_flight, delayed } = queue.counts(now_ms);
    let seconds = |duration: Duration| duration.as_secs().to_string();
    let mut attributes = vec![
        ("ApproximateNumberOfMessages", visible.to_string()),
        ("ApproximateNumberOfMessagesDelayed", delayed.to_string()),
        ("ApproximateNumberOfMessagesNotVisible", in_flight.to_string()),
        ("CreatedTimestamp", (queue.created_ms / 1000).to_string()),
        ("DelaySeconds", seconds(facts.delay)),
        ("LastModifiedTimestamp", (queue.modified_ms / 1000).to_string()),
        ("MaximumMessageSize", facts.message_bytes.to_string()),
        ("MessageRetentionPeriod", seconds(facts.retention)),
        ("QueueArn", facts.arn.clone()),
        ("ReceiveMessageWaitTimeSeconds", seconds(facts.receive_wait)),
        ("SqsManagedSseEnabled", "true".to_owned()),
        ("VisibilityTimeout", seconds(facts.visibility_timeout)),
    ];
    if let Some(redrive) = &facts.redrive {
        let of_account = facts.arn.strip_suffix(facts.name.as_str()).unwrap_or_default();
        let policy = json!({
            "deadLetterTargetArn": format!("{of_account}{}", redrive.dead_letter_queue),
            "maxReceiveCount": redrive.max_receive_count,
        });
        attributes.push(("RedrivePolicy", policy.to_string()));
    }
    attributes
}
