//! `AWS::SQS::Queue`: standard queues, with what becomes of messages that are received too often.

use std::time::Duration;

use super::error::Finding;
use super::findings::Findings;
use super::kinds::QUEUE;
use super::properties::Properties;
use super::stack::{Resource, Stack};
use crate::api::{Queue, Redrive, limits};

/// What the names of FIFO queues end with, and those of no others.
/// Source: Amazon SQS API reference, `CreateQueue`, `QueueName`.
pub(super) const FIFO: &str = ".fifo";

/// Reads every standard queue of the template. FIFO queues are left out, with a warning.
pub(super) fn read_all(stack: &Stack, findings: &mut Findings) -> Vec<Queue> {
    let mut queues = Vec::new();
    for resource in findings.keep(stack.of_kind(QUEUE)).unwrap_or_default() {
        if findings.keep(is_fifo(stack, resource)).unwrap_or_default() {
            let message = format!("`{}` is a FIFO queue, and the gateway has standard queues only", resource.id);
            let help = "calls that name it are refused here, and it invokes no function";
            findings.push(Finding::at(resource.span, message).help(help));
        } else {
            let read = queue(stack, resource, findings);
            queues.extend(findings.keep(read));
        }
    }
    queues
}

impl Stack {
    /// The name of a queue.
    pub(super) fn queue_name(&self, queue: &Resource) -> Result<String, Finding> {
        self.name_of(queue).unwrap_or_else(|| Ok(queue.id.clone()))
    }

    /// The URL that a queue has on AWS, which `!Ref` returns.
    /// Source: Amazon SQS developer guide, "Amazon SQS queue and message identifiers".
    pub(super) fn queue_url(&self, queue: &Resource) -> Result<String, Finding> {
        Ok(format!("{}{}", self.options.account.queues_url(), self.queue_name(queue)?))
    }
}

fn is_fifo(stack: &Stack, resource: &Resource) -> Result<bool, Finding> {
    Ok(declares_fifo(stack, resource)? || stack.queue_name(resource)?.ends_with(FIFO))
}

/// Whether the resource is a queue with `FifoQueue: true`.
pub(super) fn declares_fifo(stack: &Stack, resource: &Resource) -> Result<bool, Finding> {
    if resource.kind != QUEUE {
        return Ok(false);
    }
    let node = stack.properties(resource).optional("FifoQueue")?;
    node.map_or(Ok(false), |node| node.boolean("`FifoQueue`"))
}

fn queue(stack: &Stack, resource: &Resource, findings: &mut Findings) -> Result<Queue, Finding> {
    let properties = stack.properties(resource);
    let name = stack.queue_name(resource)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if !name.chars().all(allowed) {
        let message = format!("the queue's name `{name}` may have letters, digits, `-` and `_` only");
        return Err(Finding::at(properties.span_of("QueueName"), message));
    }
    let none = Duration::ZERO;
    Ok(Queue {
        logical_id: resource.id.clone(),
        arn: stack.attribute_of(resource, "Arn")?,
        url: stack.queue_url(resource)?,
        name,
        visibility_timeout: seconds(
            &properties,
            "VisibilityTimeout",
            none,
            limits::LONGEST_VISIBILITY_TIMEOUT,
            limits::VISIBILITY_TIMEOUT,
        )?,
        delay: seconds(&properties, "DelaySeconds", none, limits::LONGEST_DELAY, none)?,
        retention: seconds(
            &properties,
            "MessageRetentionPeriod",
            limits::SHORTEST_RETENTION,
            limits::LONGEST_RETENTION,
            limits::RETENTION,
        )?,
        receive_wait: seconds(&properties, "ReceiveMessageWaitTimeSeconds", none, limits::LONGEST_RECEIVE_WAIT, none)?,
        message_bytes: match properties.optional("MaximumMessageSize")? {
            Some(node) => node.integer(
                "`MaximumMessageSize`, in bytes,",
                limits::LEAST_QUEUED_MESSAGE_BYTES..=limits::QUEUED_MESSAGE_BYTES,
            )?,
            None => limits::QUEUED_MESSAGE_BYTES,
        },
        redrive: redrive(stack, resource, &properties, findings)?,
    })
}

/// A property that is a time in seconds.
fn seconds(
    properties: &Properties<'_>,
    name: &str,
    least: Duration,
    most: Duration,
    default: Duration,
) -> Result<Duration, Finding> {
    let Some(node) = properties.optional(name)? else { return Ok(default) };
    node.integer(&format!("`{name}`, in seconds,"), least.as_secs()..=most.as_secs()).map(Duration::from_secs)
}

/// The dead-letter queue must be a standard queue of the template: on AWS, too, it has the type of its source.
fn redrive(
    stack: &Stack,
    resource: &Resource,
    properties: &Properties<'_>,
    findings: &mut Findings,
) -> Result<Option<Redrive>, Finding> {
    // What can't be resolved here names a queue of another stack.
    if let Ok(policy) = properties.optional("RedrivePolicy") {
        let Some(policy) = policy else { return Ok(None) };
        let entry = |name| policy.entry("`RedrivePolicy`", name);
        let target = entry("deadLetterTargetArn")?.text("`deadLetterTargetArn`")?;
        let max_receive_count = entry("maxReceiveCount")?.integer("`maxReceiveCount`", 1..=limits::MOST_RECEIVES)?;
        for queue in stack.of_kind(QUEUE)? {
            if stack.attribute_of(queue, "Arn")? == target && !is_fifo(stack, queue)? {
                return Ok(Some(Redrive { dead_letter_queue: stack.queue_name(queue)?, max_receive_count }));
            }
        }
    }
    let message = format!(
        "the dead-letter queue of `{}` is not a standard queue of this template, so here its messages are received until they expire",
        resource.id
    );
    findings.push(Finding::at(properties.span_of("RedrivePolicy"), message));
    Ok(None)
}
