//! Reads a WebSocket API in either dialect. `serverless_api`, `plain_api` and `plain_routes` read what differs between them.

use super::check::rules;
use super::choice::Choice;
use super::error::Finding;
use super::findings::Findings;
use super::kinds::{API, API_MAPPING, SERVERLESS_WEBSOCKET_API};
use super::properties::Properties;
use super::routes::{Finished, Routes};
use super::stack::{Resource, Stack};
use super::{beside, event_sources, function, plain_api, plain_routes, queues, serverless_api, stages, table};
use crate::api::{Api, RouteSelectionExpression};

/// Reads the template's only WebSocket API, or the API that `--api` names. `None` if it can't be served: `findings` say why.
pub(super) fn read(stack: &Stack, findings: &mut Findings) -> Option<Api> {
    let api = findings.keep(choose(stack))?;
    one(stack, api, findings)
}

/// Reads every WebSocket API, for what there is to find in them.
pub(super) fn look_at_all(stack: &Stack, findings: &mut Findings) -> Result<(), Finding> {
    let apis = all(stack)?;
    if apis.is_empty() {
        return Err(no_api(stack));
    }
    for api in apis {
        one(stack, api, findings);
    }
    Ok(())
}

fn one(stack: &Stack, api: &Resource, findings: &mut Findings) -> Option<Api> {
    let is_serverless = api.kind == SERVERLESS_WEBSOCKET_API;
    if is_serverless {
        serverless_api::check(stack, api, findings);
    } else {
        plain_api::check(stack, api, findings);
    }
    let api_id = findings.keep(stack.id_of(api))?;
    let ignored = findings.keep(ignored(stack, api, &api_id));
    findings.extend(ignored.into_iter().flatten());
    let stage = stages::read(stack, api, findings);
    let stage = findings.keep(stage);
    let route_selection_expression = findings.keep(route_selection_expression(&stack.properties(api)));
    let queues = queues::read_all(stack, findings);

    let mut routes = Routes::new(stack, api, findings);
    if is_serverless {
        serverless_api::read_routes(stack, api, &mut routes);
    }
    plain_routes::read(stack, &api_id, &mut routes);
    let Finished { routes, unserved, authorizer, mut functions } = routes.finish();
    let others = function::read_others(stack, &mut functions, findings);
    findings.keep(others);
    let functions = functions.into_iter().filter_map(|(id, function)| Some((id, function?))).collect();
    let event_sources = event_sources::read_all(stack, &queues, &functions, findings);
    let tables = table::read_all(stack, findings);
    Some(Api {
        logical_id: api.id.clone(),
        api_id,
        account: stack.options.account.clone(),
        route_selection_expression: route_selection_expression?,
        stage: stage?,
        routes,
        unserved,
        authorizer,
        functions,
        tables,
        queues,
        event_sources,
    })
}

/// Every WebSocket API of the template.
pub(super) fn all(stack: &Stack) -> Result<Vec<&Resource>, Finding> {
    let mut apis = stack.of_kind(SERVERLESS_WEBSOCKET_API)?;
    for api in stack.of_kind(API)? {
        if stack.is_websocket_api(api)? {
            apis.push(api);
        }
    }
    Ok(apis)
}

fn choose(stack: &Stack) -> Result<&Resource, Finding> {
    let apis = all(stack)?;
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

/// The custom domains, and a default endpoint that is off: here the API has no other endpoint.
fn ignored(stack: &Stack, api: &Resource, api_id: &str) -> Result<Vec<Finding>, Finding> {
    let mut ignored = Vec::new();
    if let Some(node) = stack.properties(api).optional("DisableExecuteApiEndpoint")?
        && node.boolean("`DisableExecuteApiEndpoint`")?
    {
        let message = "the gateway ignores `DisableExecuteApiEndpoint`: it has no other endpoint";
        ignored.push(Finding::at(node.span, message));
    }
    for mapping in stack.of_api(API_MAPPING, api_id)? {
        let message = format!("the gateway ignores the custom domain of `{}`", mapping.id);
        ignored.push(Finding::at(mapping.span, message));
    }
    Ok(ignored)
}

fn route_selection_expression(properties: &Properties<'_>) -> Result<RouteSelectionExpression, Finding> {
    let Some(node) = properties.optional("RouteSelectionExpression")? else {
        let missing = properties.missing("RouteSelectionExpression").breaks(rules::MISSING_SELECTION);
        return Err(
            missing.mend("add it to the API's properties", "      RouteSelectionExpression: $request.body.action\n")
        );
    };
    let text = node.text("`RouteSelectionExpression`")?;
    RouteSelectionExpression::parse(&text)
        .map_err(|error| Finding::at(node.span, error.to_string()).breaks(rules::SELECTION))
}
