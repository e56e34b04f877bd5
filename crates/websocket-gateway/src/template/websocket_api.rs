//! Reads a WebSocket API in either dialect. `serverless_api`, `plain_api` and `plain_routes` read what differs between them.

use super::choice::Choice;
use super::error::Finding;
use super::kinds::{API, API_MAPPING, SERVERLESS_WEBSOCKET_API};
use super::properties::Properties;
use super::routes::{Finished, Routes};
use super::stack::{Resource, Stack};
use super::{beside, plain_api, plain_routes, serverless_api, stages, table};
use crate::api::{Api, RouteSelectionExpression};

/// Reads the template's only WebSocket API, or the API that `--api` names.
pub(super) fn read(stack: &Stack, warnings: &mut Vec<Finding>) -> Result<Api, Finding> {
    let api = choose(stack)?;
    let is_serverless = api.kind == SERVERLESS_WEBSOCKET_API;
    if is_serverless {
        serverless_api::check(stack, api, warnings)?;
    } else {
        plain_api::check(stack, api, warnings)?;
    }
    let api_id = stack.id_of(api)?;
    warnings.extend(disabled_endpoint(&stack.properties(api))?);
    for mapping in stack.of_api(API_MAPPING, &api_id)? {
        let message = format!("the gateway ignores the custom domain of `{}`", mapping.id);
        warnings.push(Finding::at(mapping.span, message));
    }
    let stage = stages::read(stack, api, warnings)?;
    let route_selection_expression = route_selection_expression(&stack.properties(api))?;

    let mut routes = Routes::new(stack, api, warnings)?;
    if is_serverless {
        serverless_api::read_routes(stack, api, &mut routes)?;
    }
    plain_routes::read(stack, &api_id, &stage.name, &mut routes)?;
    let Finished { routes, unserved, authorizer, functions } = routes.finish()?;
    let tables = table::read_all(stack)?;
    Ok(Api {
        logical_id: api.id.clone(),
        api_id,
        account: stack.options.account.clone(),
        route_selection_expression,
        stage,
        routes,
        unserved,
        authorizer,
        functions,
        tables,
    })
}

fn choose(stack: &Stack) -> Result<&Resource, Finding> {
    let mut apis = stack.of_kind(SERVERLESS_WEBSOCKET_API)?;
    for api in stack.of_kind(API)? {
        if stack.is_websocket_api(api)? {
            apis.push(api);
        }
    }
    let candidates: Vec<_> = apis.iter().map(|api| (api.id.clone(), api.span)).collect();
    if candidates.is_empty() {
        return Err(no_api(stack));
    }
    let choice = Choice { owner: "the template", what: "WebSocket API", flag: "--api", candidates: &candidates };
    choice.take(stack.options.api.as_deref()).map(|index| apis[index])
}

fn no_api(stack: &Stack) -> Finding {
    if let Some((span, path)) = beside::nested_api(stack) {
        return Finding::at(span, "the template has no WebSocket API itself, but this nested stack has one")
            .help(format!("serve it with --template {path}"));
    }
    let finding = Finding::new("the template has no WebSocket API").help(format!(
        "add a resource with `Type: {SERVERLESS_WEBSOCKET_API}`, or one with `Type: {API}` and `ProtocolType: WEBSOCKET`"
    ));
    let similar = |resource: &&Resource| {
        [SERVERLESS_WEBSOCKET_API, API]
            .iter()
            .any(|kind| resource.kind != *kind && resource.kind.eq_ignore_ascii_case(kind))
    };
    match stack.resources.iter().find(similar) {
        Some(misspelt) => finding.label(misspelt.kind_span, "this type differs from it only in case"),
        None => finding,
    }
}

fn disabled_endpoint(properties: &Properties<'_>) -> Result<Option<Finding>, Finding> {
    let Some(node) = properties.optional("DisableExecuteApiEndpoint")? else { return Ok(None) };
    let disabled = node.boolean("`DisableExecuteApiEndpoint`")?;
    let message = "the gateway ignores `DisableExecuteApiEndpoint`: it has no other endpoint";
    Ok(disabled.then(|| Finding::at(node.span, message)))
}

fn route_selection_expression(properties: &Properties<'_>) -> Result<RouteSelectionExpression, Finding> {
    let node = properties.required("RouteSelectionExpression")?;
    let text = node.text("`RouteSelectionExpression`")?;
    RouteSelectionExpression::parse(&text).map_err(|error| Finding::at(node.span, error.to_string()))
}
