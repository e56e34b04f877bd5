//! What invokes functions with the messages of a queue: `AWS::Lambda::EventSourceMapping`, and the `Events` of SAM's functions.

use std::collections::BTreeMap;
use std::time::Duration;

use miette::SourceSpan;

use super::check::permissions::is_function;
use super::error::Finding;
use super::findings::Findings;
use super::kinds::{EVENT_SOURCE_MAPPING, SERVERLESS_FUNCTION};
use super::managed_policies::POLLER;
use super::node::{Map, Node, Value};
use super::properties::Properties;
use super::queues::FIFO;
use super::stack::{Resource, Stack};
use crate::api::{EventSource, Function, Queue, limits};
use crate::iam::Decision;

/// The type of an event of SAM's that is a queue.
pub(super) const SQS: &str = "SQS";

/// What the service part of a queue's ARN looks like.
const IN_AN_ARN: &str = ":sqs:";

/// The events that a SAM function names, with their types.
pub(super) fn events_of<'s>(properties: &Properties<'s>) -> impl Iterator<Item = (String, &'s Map)> + use<'s> {
    let events = match properties.written("Events") {
        Some(Node { value: Value::Map(events), .. }) => events.0.as_slice(),
        _ => &[],
    };
    events.iter().filter_map(|event| {
        let event = event.value.map("").ok()?;
        Some((event.get("Type")?.text("").ok()?, event))
    })
}

/// Whether the resource is an event source mapping of a queue.
pub(super) fn is_of_a_queue(stack: &Stack, resource: &Resource) -> bool {
    resource.kind == EVENT_SOURCE_MAPPING
        && stack
            .properties(resource)
            .optional("EventSourceArn")
            .is_ok_and(|arn| arn.is_some_and(|arn| arn.text("").is_ok_and(|arn| arn.contains(IN_AN_ARN))))
}

/// Reads every event source that is a queue of the template.
pub(super) fn read_all(
    stack: &Stack,
    queues: &[Queue],
    functions: &BTreeMap<String, Function>,
    findings: &mut Findings,
) -> Vec<EventSource> {
    let mut sources = Vec::new();
    for function in findings.keep(stack.of_kind(SERVERLESS_FUNCTION)).unwrap_or_default() {
        for (_, event) in events_of(&stack.properties(function)).filter(|(kind, _)| kind == SQS) {
            let read = of_sam(stack, function, event, queues, findings);
            sources.extend(findings.keep(read).flatten());
        }
    }
    let mappings = findings.keep(stack.of_kind(EVENT_SOURCE_MAPPING)).unwrap_or_default();
    for mapping in mappings.into_iter().filter(|mapping| is_of_a_queue(stack, mapping)) {
        let read = of_mapping(stack, mapping, queues, functions, findings);
        sources.extend(findings.keep(read).flatten());
    }
    sources
}

fn of_sam(
    stack: &Stack,
    function: &Resource,
    event: &Map,
    queues: &[Queue],
    findings: &mut Findings,
) -> Result<Option<EventSource>, Finding> {
    let Some(node) = event.get("Properties") else {
        let message = format!("a queue does not invoke `{}` here: its event has no `Properties`", function.id);
        findings.push(Finding::at(function.span, message));
        return Ok(None);
    };
    let owner = format!("the queue event of `{}`", function.id);
    let properties = Properties::new(stack, owner, node.span, node.map("`Properties`")?);
    Described { properties: &properties, arn: "Queue", function }.read(queues, findings)
}

fn of_mapping(
    stack: &Stack,
    mapping: &Resource,
    queues: &[Queue],
    functions: &BTreeMap<String, Function>,
    findings: &mut Findings,
) -> Result<Option<EventSource>, Finding> {
    let properties = stack.properties(mapping);
    let Some(function) = function_of(stack, &properties)? else {
        let message = format!("`{}` invokes nothing here: its function is not in this template", mapping.id);
        findings.push(Finding::at(properties.span_of("FunctionName"), message));
        return Ok(None);
    };
    let source = Described { properties: &properties, arn: "EventSourceArn", function }.read(queues, findings)?;
    let queue = source.as_ref().and_then(|source| queues.iter().find(|queue| queue.name == source.queue));
    if let (Some(queue), Some(read)) = (queue, functions.get(&function.id)) {
        let missing = missing_permission(read, queue);
        findings.extend(missing.map(|action| not_permitted(mapping.span, &function.id, action, queue)));
    }
    Ok(source)
}

/// The function that a mapping names: by its name, its ARN or a part of the ARN.
fn function_of<'s>(stack: &'s Stack, properties: &Properties<'_>) -> Result<Option<&'s Resource>, Finding> {
    let Ok(name) = properties.required("FunctionName") else { return Ok(None) };
    let name = name.text("`FunctionName`")?;
    for function in stack.functions()? {
        if is_function(&name, &stack.id_of(function)?) {
            return Ok(Some(function));
        }
    }
    Ok(None)
}

/// An event source as its dialect describes it. Most properties have the same name in both.
struct Described<'d> {
    properties: &'d Properties<'d>,
    /// The property with the queue's ARN.
    arn: &'static str,
    function: &'d Resource,
}

impl Described<'_> {
    /// `None` if it invokes nothing here, which mostly is a warning.
    fn read(&self, queues: &[Queue], findings: &mut Findings) -> Result<Option<EventSource>, Finding> {
        let Self { properties, function, .. } = self;
        if let Some(node) = properties.optional("Enabled")?
            && !node.boolean("`Enabled`")?
        {
            return Ok(None);
        }
        let mut left_out = |at: SourceSpan, why: &str| {
            let message = format!("a queue does not invoke `{}` here: {why}", function.id);
            findings.push(Finding::at(at, message));
            Ok(None)
        };
        // A queue of another stack can't be resolved.
        let arn = properties.required(self.arn).and_then(|node| node.text("")).ok();
        let Some(queue) = queues.iter().find(|queue| Some(&queue.arn) == arn.as_ref()) else {
            let is_fifo = arn.is_some_and(|arn| arn.ends_with(FIFO));
            let why = if is_fifo { "it is a FIFO queue" } else { "it is not a standard queue of this template" };
            return left_out(properties.span_of(self.arn), why);
        };
        if properties.optional("FilterCriteria").map_or(true, |criteria| criteria.is_some_and(|node| filters(&node))) {
            let why = "the gateway does not evaluate `FilterCriteria`, so its messages stay in the queue";
            return left_out(properties.span_of("FilterCriteria"), why);
        }
        let source = EventSource {
            queue: queue.name.clone(),
            function: function.id.clone(),
            batch_size: self.integer("BatchSize", 1, limits::LARGEST_BATCH)?.unwrap_or(limits::BATCH_SIZE),
            batching_window: self.batching_window()?,
            reports_failures: self.reports_failures()?,
            maximum_concurrency: self.maximum_concurrency()?,
        };
        if source.batch_size > limits::MESSAGES_A_REQUEST && source.batching_window.is_zero() {
            let message = "a `BatchSize` over 10 needs a `MaximumBatchingWindowInSeconds` of at least 1";
            return Err(Finding::at(properties.span_of("BatchSize"), message));
        }
        findings.extend(properties.ignored(&["ProvisionedPollerConfig"]));
        Ok(Some(source))
    }

    fn integer(&self, name: &str, least: usize, most: usize) -> Result<Option<usize>, Finding> {
        let node = self.properties.optional(name)?;
        node.map(|node| node.integer(&format!("`{name}`"), least..=most)).transpose()
    }

    fn batching_window(&self) -> Result<Duration, Finding> {
        let name = "MaximumBatchingWindowInSeconds";
        let Some(node) = self.properties.optional(name)? else { return Ok(Duration::ZERO) };
        let most = limits::LONGEST_BATCHING_WINDOW.as_secs();
        node.integer(&format!("`{name}`"), 0..=most).map(Duration::from_secs)
    }

    fn reports_failures(&self) -> Result<bool, Finding> {
        let name = "FunctionResponseTypes";
        let Some(node) = self.properties.optional(name)? else { return Ok(false) };
        for kind in node.list(&format!("`{name}`"))? {
            if kind.text(&format!("an item of `{name}`"))? != "ReportBatchItemFailures" {
                return Err(Finding::at(kind.span, format!("`{name}` can only have `ReportBatchItemFailures`")));
            }
        }
        Ok(!node.list("")?.is_empty())
    }

    fn maximum_concurrency(&self) -> Result<Option<usize>, Finding> {
        let Some(node) = self.properties.optional("ScalingConfig")? else { return Ok(None) };
        let Some(node) = node.map("`ScalingConfig`")?.get("MaximumConcurrency") else { return Ok(None) };
        let range = limits::LEAST_MAXIMUM_CONCURRENCY..=limits::MOST_MAXIMUM_CONCURRENCY;
        node.integer("`MaximumConcurrency`", range).map(Some)
    }
}

/// Whether criteria leave anything out: without filters they don't.
fn filters(criteria: &Node) -> bool {
    let filters = criteria.map("").ok().and_then(|criteria| criteria.get("Filters")?.list("").ok());
    filters.is_none_or(|filters| !filters.is_empty())
}

/// The first of the actions that Lambda's poller needs and that the function's role does not allow.
fn missing_permission(function: &Function, queue: &Queue) -> Option<&'static str> {
    POLLER.into_iter().find(|action| function.policy.decide(action, &queue.arn) != Decision::Allowed)
}

fn not_permitted(span: SourceSpan, function: &str, action: &str, queue: &Queue) -> Finding {
    let message =
        format!("AWS refuses this: the role of `{function}` does not allow `{action}` for `{}`", queue.logical_id);
    Finding::at(span, message)
        .help("add to the role: arn:aws:iam::aws:policy/service-role/AWSLambdaSQSQueueExecutionRole")
}
