//! `AWS::Serverless::WebSocketApi`.

use std::collections::BTreeMap;

use super::error::Finding;
use super::properties::Properties;
use super::stack::{Resource, Stack};
use super::{WEBSOCKET_API, routes, table};
use crate::api::{Api, RouteSelectionExpression, Stage};

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

pub(super) fn read(stack: &Stack, resource: &Resource, warnings: &mut Vec<Finding>) -> Result<Api, Finding> {
    let properties = stack.properties(resource);
    properties.check_names(&PROPERTIES)?;
    refuse_auth(&properties)?;
    if !stack.has_transform {
        warnings.push(
            Finding::at(
                resource.kind_span,
                format!("without a `Transform` CloudFormation does not know {WEBSOCKET_API}"),
            )
            .help("add `Transform: AWS::Serverless-2016-10-31` at the top"),
        );
    }
    warnings.extend(properties.ignored(&["Domain"]));

    let (routes, functions) = routes::read(stack, resource, warnings)?;
    Ok(Api {
        logical_id: resource.id.clone(),
        api_id: stack.id_of(resource)?,
        route_selection_expression: route_selection_expression(&properties)?,
        stage: Stage { name: stage_name(&properties)?, variables: stage_variables(&properties)? },
        routes,
        functions,
        tables: table::read_all(stack)?,
    })
}

fn refuse_auth(properties: &Properties<'_>) -> Result<(), Finding> {
    let Some(auth) = properties.optional("Auth")? else { return Ok(()) };
    let kind = auth.entry("`Auth`", "AuthType")?;
    match kind.text("`AuthType`")?.as_str() {
        "NONE" => Ok(()),
        other => Err(Finding::lets_everyone_in(kind.span, &format!("`AuthType: {other}`"))
            .help("make it a parameter, `AuthType: !Ref AuthType`, and start with --parameter AuthType=NONE")),
    }
}

fn route_selection_expression(properties: &Properties<'_>) -> Result<RouteSelectionExpression, Finding> {
    let node = properties.required("RouteSelectionExpression")?;
    let text = node.text("`RouteSelectionExpression`")?;
    RouteSelectionExpression::parse(&text).map_err(|error| Finding::at(node.span, error.to_string()))
}

fn stage_name(properties: &Properties<'_>) -> Result<String, Finding> {
    let Some(node) = properties.optional("StageName")? else { return Ok("default".to_owned()) };
    let name = node.text("`StageName`")?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name == "$default" {
        return Err(Finding::at(node.span, "a WebSocket API can't have the stage `$default`")
            .help("leave `StageName` out for the stage `default`, or write for example `prod`"));
    }
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(Finding::at(node.span, format!("`{name}` is no name for a stage"))
            .help("it may have letters, digits, `-` and `_`"));
    }
    Ok(name)
}

fn stage_variables(properties: &Properties<'_>) -> Result<BTreeMap<String, String>, Finding> {
    properties.optional("StageVariables")?.map_or_else(|| Ok(BTreeMap::new()), |node| node.texts("`StageVariables`"))
}
