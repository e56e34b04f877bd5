//! `AWS::Serverless::WebSocketApi`: SAM's resource for a WebSocket API, with its `Routes`.

use std::collections::BTreeSet;

use super::authorizers;
use super::error::Finding;
use super::kinds::SERVERLESS_WEBSOCKET_API;
use super::node::{Entry, Map, Value};
use super::properties::Properties;
use super::references::route_id;
use super::routes::{self, Described, Integration, Routes};
use super::stack::{Resource, Stack};

/// Source: SAM developer guide, `AWS::Serverless::WebSocketApi`.
const PROPERTIES: [&str; 18] = [
    "AccessLogSettings",
    "ApiKeySelectionExpression",
    "Auth",
    "DefaultRouteSettings",
    "Description",
    "DisableExecuteApiEndpoint",
    "DisableSchemaValidation",
    "Domain",
    "FailOnWarnings",
    "IpAddressType",
    "Name",
    "PropagateTags",
    "RouteSelectionExpression",
    "RouteSettings",
    "Routes",
    "StageName",
    "StageVariables",
    "Tags",
];

/// Source: SAM developer guide, `WebSocketApi` `RouteConfiguration`.
const ROUTE_PROPERTIES: [&str; 8] = [
    "ApiKeyRequired",
    "FunctionArn",
    "IntegrationTimeout",
    "ModelSelectionExpression",
    "OperationName",
    "RequestModels",
    "RequestParameters",
    "RouteResponseSelectionExpression",
];

/// Checks the properties that are not about routes or stages.
pub(super) fn check(stack: &Stack, api: &Resource, warnings: &mut Vec<Finding>) -> Result<(), Finding> {
    let properties = stack.properties(api);
    properties.check_names(&PROPERTIES)?;
    if !stack.has_transform {
        let message = format!("without a `Transform`, CloudFormation does not know {SERVERLESS_WEBSOCKET_API}");
        let help = "add `Transform: AWS::Serverless-2016-10-31` at the top of the template";
        warnings.push(Finding::at(api.kind_span, message).help(help));
    }
    warnings.extend(properties.ignored(&["Domain"]));
    Ok(())
}

/// Reads the API's `Routes` and its `Auth`.
pub(super) fn read_routes(stack: &Stack, api: &Resource, routes: &mut Routes<'_>) -> Result<(), Finding> {
    let node = stack.properties(api).unresolved("Routes")?;
    let entries = &node.map("`Routes`")?.0;
    if entries.is_empty() {
        return Err(Finding::at(node.span, "the API has no routes").help("add at least `$default`"));
    }
    let mut ids = BTreeSet::new();
    for entry in entries {
        check_key(entry)?;
        let id = route_id(&api.id, &entry.key);
        read_route(stack, entry, &id, routes)?;
        if !ids.insert(id) {
            let message = format!("the route key `{}` differs from another only in case", entry.key);
            return Err(Finding::at(entry.key_span, message)
                .help("SAM would give both routes the same logical id: rename one of them"));
        }
    }
    authorizers::of_serverless_api(stack, api, routes)
}

/// Reads a route. If its whole configuration is `AWS::NoValue`, there is no such route.
fn read_route(stack: &Stack, entry: &Entry, id: &str, routes: &mut Routes<'_>) -> Result<(), Finding> {
    let owner = format!("the route `{}`", entry.key);
    let resolved;
    let map: &Map = match &entry.value.value {
        Value::Call(_) => {
            let Some(node) = stack.resolve(&entry.value)? else { return Ok(()) };
            resolved = node;
            resolved.map(&owner)?
        }
        _ => entry.value.map(&owner)?,
    };
    let properties = Properties::new(stack, owner, entry.key_span, map);
    properties.check_names(&ROUTE_PROPERTIES)?;
    routes::refuse_api_key(&properties)?;
    let integration = Integration {
        function: properties.required("FunctionArn")?,
        timeout: routes::integration_timeout(&properties, "IntegrationTimeout")?,
    };
    routes.add(&Described { key: &entry.key, span: entry.key_span, id, properties: &properties, integration })?;
    Ok(())
}

fn check_key(entry: &Entry) -> Result<(), Finding> {
    let key = entry.key.as_str();
    if entry.is_macro() {
        return Err(Finding::at(entry.key_span, format!("the gateway does not expand `{key}`"))
            .help("write out the routes that it generates"));
    }
    routes::check_reserved(key, entry.key_span)?;
    if key.is_empty() || !key.trim_start_matches('$').chars().all(|c| c.is_ascii_alphanumeric()) {
        let message = format!("the route key `{key}` has characters other than letters and digits");
        return Err(Finding::at(entry.key_span, message)
            .help("SAM makes a logical id from it: rename the route, or write it as an AWS::ApiGatewayV2::Route"));
    }
    Ok(())
}
