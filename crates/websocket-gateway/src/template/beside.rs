//! What a template has beside its WebSocket API that does not run here: other APIs, what else invokes functions, and nested stacks.

use miette::SourceSpan;

use super::error::Finding;
use super::event_sources;
use super::kinds::{API, EVENT_SOURCE_MAPPING};
use super::stack::{Resource, Stack};

/// Resources of one kind that do not run here.
struct Kind {
    /// What does not happen here, as the beginning of a sentence that ends with the resources' logical ids.
    message: &'static str,
    /// What to do about it.
    help: &'static str,
    /// The resource types.
    types: &'static [&'static str],
    /// The types of SAM's `Events` of a function.
    events: &'static [&'static str],
    /// The properties of a function that stand for the same.
    properties: &'static [&'static str],
}

const KINDS: [Kind; 5] = [
    Kind {
        message: "REST APIs, HTTP APIs and function URLs are not served here",
        help: "`sam local start-api` serves them beside the gateway",
        types: &[
            "AWS::Serverless::Api",
            "AWS::Serverless::HttpApi",
            "AWS::ApiGateway::RestApi",
            API,
            "AWS::Lambda::Url",
        ],
        events: &["Api", "HttpApi"],
        properties: &["FunctionUrlConfig"],
    },
    Kind {
        message: "streams and pipes invoke no function here",
        help: INVOKE,
        types: &[EVENT_SOURCE_MAPPING, "AWS::Pipes::Pipe"],
        events: &["DynamoDB", "Kinesis", "MSK", "SelfManagedKafka", "MQ", "DocumentDB"],
        properties: &[],
    },
    Kind {
        message: "topics and buckets invoke no function here",
        help: INVOKE,
        types: &["AWS::SNS::Subscription"],
        events: &["SNS", "S3"],
        properties: &[],
    },
    Kind {
        message: "schedules and rules invoke no function here",
        help: INVOKE,
        types: &["AWS::Events::Rule", "AWS::Scheduler::Schedule"],
        events: &["Schedule", "ScheduleV2", "EventBridgeRule", "CloudWatchEvent"],
        properties: &[],
    },
    Kind {
        message: "nested stacks are not read, so their functions, tables and routes are missing here",
        help: "if the API is in one of them, serve that template with --template FILE",
        types: &NESTED,
        events: &[],
        properties: &[],
    },
];

const INVOKE: &str =
    "to try such a function, invoke it with an event of its own: `websocket-gateway invoke FUNCTION EVENT.json`";

const NESTED: [&str; 2] = ["AWS::CloudFormation::Stack", "AWS::Serverless::Application"];

/// Returns one warning for each kind, at the first of its resources.
pub(super) fn check(stack: &Stack) -> Result<Vec<Finding>, Finding> {
    KINDS.iter().filter_map(|kind| of_kind(stack, kind).transpose()).collect()
}

fn of_kind(stack: &Stack, kind: &Kind) -> Result<Option<Finding>, Finding> {
    let mut found = Vec::new();
    for resource in &stack.resources {
        if is_of(stack, resource, kind)? && stack.exists(resource)? {
            found.push(resource);
        }
    }
    let Some(first) = found.first() else { return Ok(None) };
    let ids: Vec<_> = found.iter().map(|resource| format!("`{}`", resource.id)).collect();
    Ok(Some(Finding::at(first.span, format!("{}: {}", kind.message, ids.join(", "))).help(kind.help)))
}

fn is_of(stack: &Stack, resource: &Resource, kind: &Kind) -> Result<bool, Finding> {
    if kind.types.contains(&resource.kind.as_str()) {
        return Ok(!stack.is_websocket_api(resource)? && !event_sources::is_of_a_queue(stack, resource));
    }
    let properties = stack.properties(resource);
    let mut events = event_sources::events_of(&properties);
    let has_event = events.any(|(name, _)| kind.events.contains(&name.as_str()));
    Ok(has_event || kind.properties.iter().any(|name| properties.written(name).is_some()))
}

/// The nested stack whose template has a WebSocket API, with that template's path as the template names it. Only templates on this machine
/// can be looked at.
pub(super) fn nested_api(stack: &Stack) -> Option<(SourceSpan, String)> {
    let nested = stack.resources.iter().filter(|resource| NESTED.contains(&resource.kind.as_str()));
    nested.into_iter().find_map(|resource| {
        let properties = stack.properties(resource);
        let asset = stack.metadata(resource).optional("aws:asset:path").ok().flatten();
        let named = |name| properties.optional(name).ok().flatten();
        let path = asset.or_else(|| named("TemplateURL")).or_else(|| named("Location"))?.text("").ok()?;
        let path = stack.directory.join(path);
        let text = std::fs::read_to_string(&path).ok()?;
        let has_api = text.contains("WEBSOCKET") || text.contains("AWS::Serverless::WebSocketApi");
        has_api.then(|| (resource.span, path.display().to_string()))
    })
}
