//! SAM's connectors: resources of their own, or the `Connectors` of the resource that they begin at. They stand for permissions.
//!
//! Source: SAM developer guide, "AWS SAM connector reference".

use miette::SourceSpan;

use super::error::Finding;
use super::kinds::{API, CONNECTOR, LAMBDA_FUNCTION, QUEUE, SERVERLESS_FUNCTION, SIMPLE_TABLE, TABLE};
use super::node::{Entry, Map, Node, Value};
use super::properties::Properties;
use super::stack::{Resource, Stack};
use crate::iam::{Effect, Statement, matches};

const READ: [&str; 6] = ["BatchGetItem", "ConditionCheckItem", "GetItem", "PartiQLSelect", "Query", "Scan"];
const WRITE: [&str; 7] =
    ["BatchWriteItem", "DeleteItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate", "PutItem", "UpdateItem"];

const WRITE_FUNCTION: [&str; 2] = ["InvokeAsync", "InvokeFunction"];
const READ_QUEUE: [&str; 2] = ["GetQueueAttributes", "ReceiveMessage"];
const WRITE_QUEUE: [&str; 4] = ["ChangeMessageVisibility", "DeleteMessage", "PurgeQueue", "SendMessage"];

/// One connector.
pub(super) struct Connector {
    pub(super) span: SourceSpan,
    /// The logical id of its source. `None` if it names the source in another way.
    source: Option<String>,
    /// The part of the source that it is about: `{stage}/{route key}` of an API.
    qualifier: Option<String>,
    /// Where it leads. `None` if only AWS can tell.
    destinations: Option<Vec<Destination>>,
    reads: bool,
    writes: bool,
}

struct Destination {
    kind: String,
    arn: String,
}

impl Connector {
    /// Whether it begins, or may begin, at the resource.
    pub(super) fn is_from(&self, resource: &Resource) -> bool {
        self.source.as_ref().is_none_or(|id| *id == resource.id)
    }

    /// What it allows its source to do with tables, queues and functions. `None` if that can't be told.
    pub(super) fn statements(&self) -> Option<Vec<Statement>> {
        self.source.as_ref()?;
        let statement = |to: &Destination| match to.kind.as_str() {
            TABLE | SIMPLE_TABLE => {
                let resources = vec![to.arn.clone(), format!("{}/index/*", to.arn)];
                Some(self.statement("dynamodb", &READ, &WRITE, resources))
            }
            LAMBDA_FUNCTION | SERVERLESS_FUNCTION => {
                Some(self.statement("lambda", &[], &WRITE_FUNCTION, vec![to.arn.clone()]))
            }
            QUEUE => Some(self.statement("sqs", &READ_QUEUE, &WRITE_QUEUE, vec![to.arn.clone()])),
            _ => None,
        };
        Some(self.destinations.as_ref()?.iter().filter_map(statement).collect())
    }

    fn statement(&self, service: &str, read: &[&str], write: &[&str], resources: Vec<String>) -> Statement {
        let actions = [self.reads.then_some(read), self.writes.then_some(write)];
        let actions = actions.into_iter().flatten().flatten().map(|action| format!("{service}:{action}"));
        Statement { effect: Effect::Allow, actions: actions.collect(), resources }
    }

    /// Whether it lets API Gateway invoke the function with this ARN for `route`: `{api id}/{stage}/{route key}`.
    pub(super) fn lets_invoke(&self, stack: &Stack, arn: &str, route: &str) -> Result<bool, Finding> {
        let apis = stack.of_kind(API)?;
        let Some(api) = apis.into_iter().find(|api| self.source.as_ref() == Some(&api.id)) else { return Ok(false) };
        let is_function = |to: &&Destination| matches!(to.kind.as_str(), LAMBDA_FUNCTION | SERVERLESS_FUNCTION);
        let mut functions = self.destinations.iter().flatten().filter(is_function);
        let pattern = format!("{}/{}", stack.id_of(api)?, self.qualifier.as_deref().unwrap_or("*"));
        Ok(self.writes && functions.any(|function| function.arn == arn) && matches(&pattern, route))
    }
}

/// Reads every connector of the template.
pub(super) fn all(stack: &Stack) -> Result<Vec<Connector>, Finding> {
    let mut connectors = Vec::new();
    for resource in stack.of_kind(CONNECTOR)? {
        let properties = stack.properties(resource);
        let source = properties.required("Source").ok();
        let source = source.as_ref().and_then(|source| source.map("").ok());
        let of_source = |name| text(source?, name);
        connectors.push(read(stack, &properties, resource.span, of_source("Id"), of_source("Qualifier"))?);
    }
    for resource in &stack.resources {
        for entry in &resource.connectors.0 {
            if stack.exists(resource)? {
                connectors.push(embedded(stack, resource, entry)?);
            }
        }
    }
    Ok(connectors)
}

fn embedded(stack: &Stack, source: &Resource, entry: &Entry) -> Result<Connector, Finding> {
    let owner = format!("the connector `{}`", entry.key);
    let map = entry.value.entry(&owner, "Properties")?.map("`Properties`")?;
    let properties = Properties::new(stack, owner, entry.key_span, map);
    let reference = properties.optional("SourceReference").ok().flatten();
    let qualifier = reference.as_ref().and_then(|node| text(node.map("").ok()?, "Qualifier"));
    read(stack, &properties, entry.key_span, Some(source.id.clone()), qualifier)
}

fn read(
    stack: &Stack,
    properties: &Properties<'_>,
    span: SourceSpan,
    source: Option<String>,
    qualifier: Option<String>,
) -> Result<Connector, Finding> {
    let permissions = properties.required("Permissions")?;
    let permissions = permissions.list("`Permissions`")?.iter().map(|node| node.text("a permission"));
    let permissions = permissions.collect::<Result<Vec<_>, _>>()?;
    let has = |name: &str| permissions.iter().any(|permission| permission == name);
    let destinations = properties.required("Destination").ok().and_then(|node| destinations(stack, &node));
    Ok(Connector { span, source, qualifier, destinations, reads: has("Read"), writes: has("Write") })
}

fn destinations(stack: &Stack, node: &Node) -> Option<Vec<Destination>> {
    match &node.value {
        Value::List(items) => items.iter().map(|item| destination(stack, item)).collect(),
        _ => Some(vec![destination(stack, node)?]),
    }
}

fn destination(stack: &Stack, node: &Node) -> Option<Destination> {
    let map = node.map("").ok()?;
    let Some(id) = text(map, "Id") else {
        return Some(Destination { kind: text(map, "Type")?, arn: text(map, "Arn").unwrap_or_default() });
    };
    let resource = stack.resources.iter().find(|resource| resource.id == id)?;
    Some(Destination { kind: resource.kind.clone(), arn: stack.attribute_of(resource, "Arn").ok()? })
}

fn text(map: &Map, name: &str) -> Option<String> {
    map.get(name)?.text("").ok()
}
