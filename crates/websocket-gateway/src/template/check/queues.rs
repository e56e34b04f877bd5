//! Queues that invoke functions.

use super::super::dependencies::references_in;
use super::super::error::Finding;
use super::super::findings::Findings;
use super::super::kinds::{EVENT_SOURCE_MAPPING, QUEUE, SERVERLESS_FUNCTION};
use super::super::node::{Node, Value};
use super::super::queues::{FIFO, declares_fifo};
use super::super::stack::{Resource, Stack};
use super::rules;
use crate::api::limits;

pub(super) fn check(stack: &Stack, findings: &mut Findings) {
    for queue in stack.of_kind(QUEUE).unwrap_or_default() {
        findings.extend(misnamed(stack, queue));
        findings.extend(with_dead_letters_of_another_type(stack, queue));
    }
    for (queue, function) in event_sources(stack) {
        let timeout = seconds(stack, function, "Timeout", limits::FUNCTION_TIMEOUT.as_secs());
        let visibility = seconds(stack, queue, "VisibilityTimeout", limits::VISIBILITY_TIMEOUT.as_secs());
        let (Some(timeout), Some(visibility)) = (timeout, visibility) else { continue };
        if visibility < timeout {
            let message = format!(
                "the messages of `{}` come back after {visibility} seconds, but `{}` may take {timeout}",
                queue.id, function.id
            );
            let finding = Finding::at(stack.properties(queue).span_of("VisibilityTimeout"), message);
            findings.push(finding.breaks(rules::QUEUE_VISIBILITY).mend(
                "AWS recommends six times the function's time-out",
                format!("      VisibilityTimeout: {}\n", timeout * 6),
            ));
        }
    }
}

/// A FIFO queue whose name is not one, or another queue whose name is.
fn misnamed(stack: &Stack, queue: &Resource) -> Option<Finding> {
    let (name, span) = stack.properties(queue).known("QueueName")?;
    let is_fifo = declares_fifo(stack, queue).ok()?;
    if name.ends_with(FIFO) == is_fifo {
        return None;
    }
    let (message, help) = if is_fifo {
        (format!("`{}` is a FIFO queue, but its name does not end with `{FIFO}`", queue.id), "add it to the name")
    } else {
        (format!("`{}` has the name of a FIFO queue and is none", queue.id), "add `FifoQueue: true`")
    };
    Some(Finding::at(span, message).breaks(rules::FIFO_QUEUE_NAME).help(help))
}

/// A FIFO queue with a standard dead-letter queue, or the reverse.
fn with_dead_letters_of_another_type(stack: &Stack, queue: &Resource) -> Option<Finding> {
    let target = queue.properties.get("RedrivePolicy")?.map("").ok()?.get("deadLetterTargetArn")?;
    let dead = referred(stack, target).filter(|dead| dead.kind == QUEUE)?;
    let [is_fifo, is_dead_fifo] = [queue, dead].map(|queue| declares_fifo(stack, queue).ok());
    if is_fifo? == is_dead_fifo? {
        return None;
    }
    let (one, other) = if is_fifo? { (queue, dead) } else { (dead, queue) };
    let message = format!("`{}` is a FIFO queue and `{}` is not", one.id, other.id);
    Some(Finding::at(target.span, message).breaks(rules::DEAD_LETTER_QUEUE_TYPE))
}

/// Which queues invoke which functions.
fn event_sources(stack: &Stack) -> Vec<(&Resource, &Resource)> {
    let mut found = Vec::new();
    for resource in stack.resources.iter().filter(|resource| stack.exists(resource).unwrap_or_default()) {
        match resource.kind.as_str() {
            EVENT_SOURCE_MAPPING => {
                let named = |name: &str| resource.properties.get(name).and_then(|node| referred(stack, node));
                found.extend(named("EventSourceArn").zip(named("FunctionName")));
            }
            SERVERLESS_FUNCTION => {
                let Some(Node { value: Value::Map(events), .. }) = resource.properties.get("Events") else { continue };
                let queues = events.0.iter().filter_map(|event| {
                    let queue = event.value.map("").ok()?.get("Properties")?.map("").ok()?.get("Queue")?;
                    referred(stack, queue)
                });
                found.extend(queues.map(|queue| (queue, resource)));
            }
            _ => {}
        }
    }
    found.retain(|(queue, _)| queue.kind == QUEUE);
    found
}

/// The resource that a value refers to.
fn referred<'s>(stack: &'s Stack, node: &Node) -> Option<&'s Resource> {
    let mut names = Vec::new();
    references_in(node, &mut names);
    stack.resources.iter().find(|resource| names.contains(&resource.id))
}

fn seconds(stack: &Stack, resource: &Resource, property: &str, default: u64) -> Option<u64> {
    match stack.properties(resource).optional(property).ok()? {
        Some(node) => node.text("").ok()?.parse().ok(),
        None => Some(default),
    }
}
