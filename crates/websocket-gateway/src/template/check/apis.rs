//! WebSocket APIs as they are written, in either dialect. What can't be resolved is left out.

use miette::SourceSpan;

use super::super::kinds::{
    AUTHORIZER, DEPLOYMENT, INTEGRATION, ROUTE, ROUTE_RESPONSE, SERVERLESS_WEBSOCKET_API, STAGE,
};
use super::super::node::{Map, Node, Value};
use super::super::properties::Properties;
use super::super::references::route_id;
use super::super::routes::function_called;
use super::super::stack::{Resource, Stack};
use super::super::{stages, websocket_api};

/// A WebSocket API.
pub(super) struct WrittenApi<'s> {
    pub(super) resource: &'s Resource,
    /// The API id.
    pub(super) id: String,
    pub(super) routes: Vec<WrittenRoute<'s>>,
    pub(super) stages: Vec<WrittenStage<'s>>,
    pub(super) deployments: Vec<&'s Resource>,
    pub(super) responses: Vec<&'s Resource>,
    pub(super) integrations: Vec<&'s Resource>,
    pub(super) authorizers: Vec<&'s Resource>,
}

/// A route.
pub(super) struct WrittenRoute<'s> {
    pub(super) key: String,
    /// The place of the key.
    pub(super) span: SourceSpan,
    /// The logical id, which SAM may have made.
    pub(super) id: String,
    pub(super) properties: Properties<'s>,
    /// Its resource and its integration. SAM's routes have neither in the template.
    pub(super) resource: Option<&'s Resource>,
    pub(super) integration: Option<&'s Resource>,
    pub(super) function: Option<&'s Resource>,
}

/// A stage.
pub(super) struct WrittenStage<'s> {
    pub(super) name: String,
    /// An `AWS::ApiGatewayV2::Stage`, or the `AWS::Serverless::WebSocketApi`.
    pub(super) resource: &'s Resource,
}

impl WrittenApi<'_> {
    pub(super) fn is_serverless(&self) -> bool {
        self.resource.kind == SERVERLESS_WEBSOCKET_API
    }

    /// How a template refers to the API inside a `!Sub`.
    pub(super) fn reference(&self) -> String {
        format!("${{{}}}", self.resource.id)
    }

    /// A stage for an example, as it stands in a `!Sub`.
    pub(super) fn example_stage(&self) -> &str {
        self.stages.first().map_or("prod", |stage| &stage.name)
    }
}

impl WrittenRoute<'_> {
    /// Whether it is for messages, which a function can answer.
    pub(super) fn is_for_messages(&self) -> bool {
        !matches!(self.key.as_str(), "$connect" | "$disconnect")
    }
}

/// Every WebSocket API of the template.
pub(super) fn all(stack: &Stack) -> Vec<WrittenApi<'_>> {
    let apis = websocket_api::all(stack).unwrap_or_default();
    apis.into_iter().filter_map(|resource| api(stack, resource)).collect()
}

fn api<'s>(stack: &'s Stack, resource: &'s Resource) -> Option<WrittenApi<'s>> {
    let id = stack.id_of(resource).ok()?;
    let own = (resource.kind == SERVERLESS_WEBSOCKET_API).then_some(resource);
    let stages = own.into_iter().chain(stack.known_of_api(STAGE, &id)).filter_map(|resource| {
        let (name, _) = stages::name(stack, resource).ok()?;
        Some(WrittenStage { name, resource })
    });
    let mut routes = own.map(|api| serverless_routes(stack, api)).unwrap_or_default();
    routes.extend(stack.known_of_api(ROUTE, &id).into_iter().filter_map(|resource| plain_route(stack, resource)));
    Some(WrittenApi {
        resource,
        routes,
        stages: stages.collect(),
        deployments: stack.known_of_api(DEPLOYMENT, &id),
        responses: stack.known_of_api(ROUTE_RESPONSE, &id),
        integrations: stack.known_of_api(INTEGRATION, &id),
        authorizers: stack.known_of_api(AUTHORIZER, &id),
        id,
    })
}

/// The entries of `Routes`, without those that an intrinsic function makes.
fn serverless_routes<'s>(stack: &'s Stack, api: &'s Resource) -> Vec<WrittenRoute<'s>> {
    let Some(Node { value: Value::Map(Map(entries)), .. }) = api.properties.get("Routes") else { return Vec::new() };
    let routes = entries.iter().filter_map(|entry| {
        let map = entry.value.map("").ok()?;
        let properties = Properties::new(stack, format!("the route `{}`", entry.key), entry.key_span, map);
        Some(WrittenRoute {
            key: entry.key.clone(),
            span: entry.key_span,
            id: route_id(&api.id, &entry.key),
            resource: None,
            integration: None,
            function: properties.known("FunctionArn").and_then(|(arn, _)| function_called(stack, &arn).ok()?),
            properties,
        })
    });
    routes.collect()
}

fn plain_route<'s>(stack: &'s Stack, resource: &'s Resource) -> Option<WrittenRoute<'s>> {
    let properties = stack.properties(resource);
    let (key, span) = properties.known("RouteKey")?;
    let target = properties.known("Target").map(|(target, _)| target);
    let integration = target.and_then(|target| {
        let id = target.strip_prefix("integrations/")?;
        stack.resources.iter().find(|resource| resource.kind == INTEGRATION && resource.id == id)
    });
    let function = integration.and_then(|integration| {
        let (uri, _) = stack.properties(integration).known("IntegrationUri")?;
        function_called(stack, &uri).ok()?
    });
    Some(WrittenRoute {
        key,
        span,
        id: resource.id.clone(),
        properties,
        resource: Some(resource),
        integration,
        function,
    })
}
