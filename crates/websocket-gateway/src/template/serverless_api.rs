//! `AWS::Serverless::WebSocketApi`: SAM's resource for a WebSocket API, with its `Routes`.

use std::collections::BTreeSet;

use super::authorizers;
use super::check::rules;
use super::error::Finding;
use super::findings::Findings;
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
pub(super) fn check(stack: &Stack, api: &Resource, findings: &mut Findings) {
    let properties = stack.properties(api);
    findings.extend(properties.misnamed(&PROPERTIES));
    findings.extend(properties.ignored(&["Domain"]));
}

/// Reads the API's `Routes` and its `Auth`.
pub(super) fn read_routes(stack: &Stack, api: &Resource, routes: &mut Routes<'_>) {
    let read = read_entries(stack, api, routes);
    if routes.findings.keep(read).is_none() {
        routes.meets_route();
    }
    let read = authorizers::of_serverless_api(stack, api, routes);
    routes.findings.keep(read);
}

fn read_entries(stack: &Stack, api: &Resource, routes: &mut Routes<'_>) -> Result<(), Finding> {
    let node = stack.properties(api).unresolved("Routes")?;
    let mut ids = BTreeSet::new();
    for entry in &node.map("`Routes`")?.0 {
        let id = route_id(&api.id, &entry.key);
        // If its whole configuration is `AWS::NoValue`, there is no such route.
        if matches!(entry.value.value, Value::Call(_)) && matches!(stack.resolve(&entry.value), Ok(None)) {
            continue;
        }
        routes.meets_route();
        let read = check_key(entry).and_then(|()| read_route(stack, entry, &id, routes));
        routes.findings.keep(read);
        if !ids.insert(id) {
            let message = format!("the route key `{}` differs from another only in case", entry.key);
            let finding = Finding::at(entry.key_span, message).breaks(rules::SAM_ROUTE_KEY);
            routes.findings.push(finding.help("rename one of them"));
        }
    }
    Ok(())
}

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
    routes.findings.extend(properties.misnamed(&ROUTE_PROPERTIES));
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
    let is_special = matches!(key, "$connect" | "$disconnect" | "$default");
    if !is_special && (key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric())) {
        let (message, help) = if key.starts_with('$') {
            let help = "the route keys that begin with `$` are `$connect`, `$disconnect` and `$default`";
            (format!("`{key}` is not a route key of API Gateway"), help)
        } else {
            let help = "rename the route, or write it as an AWS::ApiGatewayV2::Route";
            (format!("the route key `{key}` has characters other than letters and digits"), help)
        };
        return Err(Finding::at(entry.key_span, message).breaks(rules::SAM_ROUTE_KEY).help(help));
    }
    Ok(())
}
