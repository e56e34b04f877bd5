//! The `Routes` of an `AWS::Serverless::WebSocketApi`, and the RouteResponse that SAM leaves to the template.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use miette::SourceSpan;

use super::error::Finding;
use super::node::{Entry, Node};
use super::properties::Properties;
use super::references::route_id;
use super::stack::{Resource, Stack};
use super::{FUNCTION, ROUTE_RESPONSE, function};
use crate::api::{Function, Route, limits};

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

/// In milliseconds. Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API".
const SHORTEST_INTEGRATION_TIMEOUT: u64 = 50;

/// The routes by their keys, and the functions that they call.
type Routes = (BTreeMap<String, Route>, BTreeMap<String, Function>);

pub(super) fn read(stack: &Stack, api: &Resource, warnings: &mut Vec<Finding>) -> Result<Routes, Finding> {
    let responses = route_responses(stack, &stack.id_of(api)?)?;
    let mut reader = Reader { stack, api: &api.id, responses, functions: BTreeMap::new(), warnings };
    let routes = reader.routes(&stack.properties(api))?;
    Ok((routes, reader.functions))
}

/// Where each route of the API, by its logical id, gets its RouteResponse.
fn route_responses(stack: &Stack, api_id: &str) -> Result<BTreeMap<String, SourceSpan>, Finding> {
    let mut responses = BTreeMap::new();
    for resource in stack.of_kind(ROUTE_RESPONSE)? {
        let properties = stack.properties(resource);
        if properties.required("ApiId")?.text("`ApiId`")? != api_id {
            continue;
        }
        only_default(&properties.required("RouteResponseKey")?, "RouteResponseKey")?;
        responses.insert(properties.required("RouteId")?.text("`RouteId`")?, resource.span);
    }
    Ok(responses)
}

fn only_default(node: &Node, property: &str) -> Result<(), Finding> {
    if node.text(&format!("`{property}`"))? == "$default" {
        return Ok(());
    }
    Err(Finding::at(node.span, format!("`{property}` can only be `$default`")))
}

struct Reader<'r> {
    stack: &'r Stack,
    api: &'r str,
    responses: BTreeMap<String, SourceSpan>,
    functions: BTreeMap<String, Function>,
    warnings: &'r mut Vec<Finding>,
}

impl Reader<'_> {
    fn routes(&mut self, properties: &Properties<'_>) -> Result<BTreeMap<String, Route>, Finding> {
        let node = properties.unresolved("Routes")?;
        let entries = &node.map("`Routes`")?.0;
        if entries.is_empty() {
            return Err(Finding::at(node.span, "the API has no routes").help("add at least `$default`"));
        }
        let mut ids = BTreeSet::new();
        for entry in entries {
            check_route_key(entry)?;
            if !ids.insert(route_id(self.api, &entry.key)) {
                return Err(Finding::at(
                    entry.key_span,
                    format!("the route key `{}` differs from another only in case", entry.key),
                )
                .help("SAM makes one logical id of both: rename one"));
            }
        }
        entries.iter().map(|entry| Ok((entry.key.clone(), self.route(entry)?))).collect()
    }

    fn route(&mut self, entry: &Entry) -> Result<Route, Finding> {
        let owner = format!("the route `{}`", entry.key);
        let properties = Properties::new(self.stack, owner.clone(), entry.key_span, entry.value.map(&owner)?);
        properties.check_names(&ROUTE_PROPERTIES)?;
        if let Some(node) = properties.optional("ApiKeyRequired")?
            && node.boolean("`ApiKeyRequired`")?
        {
            return Err(Finding::lets_everyone_in(node.span, "`ApiKeyRequired`"));
        }
        let unused = ["ModelSelectionExpression", "RequestModels", "RequestParameters"];
        self.warnings.extend(properties.ignored(&unused));
        Ok(Route {
            function: self.function(&properties.required("FunctionArn")?)?,
            integration_timeout: integration_timeout(&properties)?,
            route_response: self.route_response(entry, &properties)?,
        })
    }

    /// The function with this ARN, however the template came by it.
    fn function(&mut self, arn: &Node) -> Result<String, Finding> {
        let text = arn.text("`FunctionArn`")?;
        let functions = self.stack.of_kind(FUNCTION)?;
        for resource in &functions {
            if self.stack.attribute_of(resource, "Arn")? == text {
                if !self.functions.contains_key(&resource.id) {
                    self.functions.insert(resource.id.clone(), function::read(self.stack, resource, self.warnings)?);
                }
                return Ok(resource.id.clone());
            }
        }
        let known: Vec<_> = functions.iter().map(|resource| format!("`!GetAtt {}.Arn`", resource.id)).collect();
        let finding = Finding::at(arn.span, format!("`{text}` is not the ARN of an {FUNCTION} in this template"));
        Err(match known.as_slice() {
            [] => finding.help(format!("add a resource with `Type: {FUNCTION}`")),
            known => finding.help(format!(
                "the gateway calls the functions themselves, no alias or version: write {}",
                known.join(" or ")
            )),
        })
    }

    /// Whether the route is two-way, which needs an expression here and a resource elsewhere.
    fn route_response(&mut self, entry: &Entry, properties: &Properties<'_>) -> Result<bool, Finding> {
        let expression = properties.optional("RouteResponseSelectionExpression")?;
        expression.iter().try_for_each(|node| only_default(node, "RouteResponseSelectionExpression"))?;
        let (api, key, id) = (self.api, &entry.key, route_id(self.api, &entry.key));
        let unheard = "so on AWS the body that its function returns never reaches the client";
        match (expression, self.responses.get(&id)) {
            (Some(_), Some(_)) => return Ok(true),
            (None, None) => {}
            (Some(node), None) => self.warnings.push(
                Finding::at(node.span, format!("the route `{key}` has no {ROUTE_RESPONSE}, {unheard}")).help(format!(
                    "add to `Resources`: {id}Response: {{ Type: {ROUTE_RESPONSE}, Properties: \
                     {{ ApiId: !Ref {api}, RouteId: !Ref {id}, RouteResponseKey: $default }} }}"
                )),
            ),
            (None, Some(&response)) => self.warnings.push(
                Finding::at(
                    response,
                    format!("the route `{key}` has no `RouteResponseSelectionExpression`, {unheard}"),
                )
                .help("add to the route: RouteResponseSelectionExpression: $default"),
            ),
        }
        Ok(false)
    }
}

fn check_route_key(entry: &Entry) -> Result<(), Finding> {
    let key = entry.key.as_str();
    if matches!(key, "$connect" | "$disconnect" | "$default") {
        return Ok(());
    }
    if key.starts_with('$') {
        let finding = Finding::at(entry.key_span, format!("`{key}` is no route key that API Gateway knows"));
        return Err(finding.help("those with `$` are `$connect`, `$disconnect` and `$default`"));
    }
    if key.is_empty() || !key.chars().all(|c| c.is_ascii_alphanumeric()) {
        let finding =
            Finding::at(entry.key_span, format!("the route key `{key}` has other characters than letters and digits"));
        return Err(finding.help("SAM makes a logical id of it, which can't have any"));
    }
    Ok(())
}

fn integration_timeout(properties: &Properties<'_>) -> Result<Duration, Finding> {
    let longest = limits::INTEGRATION_TIMEOUT;
    let Some(node) = properties.optional("IntegrationTimeout")? else { return Ok(longest) };
    let range = SHORTEST_INTEGRATION_TIMEOUT..=longest.as_secs() * 1000;
    node.integer("`IntegrationTimeout`, in milliseconds,", range).map(Duration::from_millis)
}
