//! What routes have in common, whichever way they are written: the function, and whether it is two-way.

use std::collections::BTreeMap;
use std::time::Duration;

use miette::SourceSpan;

use super::error::Finding;
use super::function;
use super::kinds::{LAMBDA_FUNCTION, ROUTE_RESPONSE, SERVERLESS_FUNCTION};
use super::node::Node;
use super::properties::Properties;
use super::stack::{Resource, Stack};
use crate::api::{Authorizer, Function, Route, limits};

/// A route as it is written. What is called the same everywhere is read from its properties.
pub(super) struct Described<'d> {
    pub(super) key: &'d str,
    /// Where its key stands.
    pub(super) span: SourceSpan,
    /// The logical id, by which a RouteResponse knows it.
    pub(super) id: &'d str,
    pub(super) properties: &'d Properties<'d>,
    pub(super) integration: Integration,
}

/// A Lambda proxy integration.
pub(super) struct Integration {
    /// The ARN of the function.
    pub(super) function: Node,
    pub(super) timeout: Duration,
}

/// The routes of an API, and the functions that they call.
pub(super) struct Routes<'r> {
    stack: &'r Stack,
    api: &'r Resource,
    /// Where each route, by its logical id, gets its RouteResponse.
    responses: BTreeMap<String, SourceSpan>,
    /// Where each route key stands, also of routes that are left out.
    keys: BTreeMap<String, SourceSpan>,
    routes: BTreeMap<String, Route>,
    functions: BTreeMap<String, Function>,
    pub(super) authorizer: Option<Authorizer>,
    pub(super) warnings: &'r mut Vec<Finding>,
}

/// What was read: routes by their keys, and functions by their logical ids.
pub(super) struct Finished {
    pub(super) routes: BTreeMap<String, Route>,
    pub(super) authorizer: Option<Authorizer>,
    pub(super) functions: BTreeMap<String, Function>,
}

impl<'r> Routes<'r> {
    pub(super) fn new(stack: &'r Stack, api: &'r Resource, warnings: &'r mut Vec<Finding>) -> Result<Self, Finding> {
        let responses = route_responses(stack, &stack.id_of(api)?)?;
        let (keys, routes, functions, authorizer) = Default::default();
        Ok(Self { stack, api, responses, keys, routes, functions, authorizer, warnings })
    }

    /// Adds a route, and gives the function that it calls.
    pub(super) fn add(&mut self, route: &Described<'_>) -> Result<&'r Resource, Finding> {
        self.take_key(route.key, route.span)?;
        let unused = ["ModelSelectionExpression", "RequestModels", "RequestParameters"];
        self.warnings.extend(route.properties.ignored(&unused));
        let function = self.function(&route.integration.function)?;
        let read = Route {
            function: function.id.clone(),
            integration_timeout: route.integration.timeout,
            route_response: self.route_response(route)?,
        };
        self.routes.insert(route.key.to_owned(), read);
        Ok(function)
    }

    /// Leaves a route out that only AWS can serve, and says so.
    pub(super) fn leave_out(&mut self, key: &str, span: SourceSpan, why: &str, at: SourceSpan) -> Result<(), Finding> {
        self.take_key(key, span)?;
        let instead = match key {
            "$connect" => "here every client may connect, unless an authorizer says no",
            "$disconnect" => "here nothing runs when a connection ends",
            "$default" => "here messages that match no other route get `Forbidden`",
            _ => "here its messages go to `$default`, if there is one",
        };
        self.warnings.push(Finding::at(at, format!("the route `{key}` is not served: {why}")).help(instead));
        Ok(())
    }

    pub(super) fn take_key(&mut self, key: &str, span: SourceSpan) -> Result<(), Finding> {
        match self.keys.insert(key.to_owned(), span) {
            Some(first) => Err(Finding::at(span, format!("the API has two routes with the key `{key}`"))
                .label(first, "the other one")
                .help("remove one")),
            None => Ok(()),
        }
    }

    pub(super) fn has_key(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    pub(super) fn finish(self) -> Result<Finished, Finding> {
        if self.keys.is_empty() {
            let finding = Finding::at(self.api.span, format!("the API `{}` has no routes", self.api.id));
            return Err(finding.help("add at least `$default`"));
        }
        let Self { routes, functions, authorizer, .. } = self;
        Ok(Finished { routes, authorizer, functions })
    }

    /// The function with this ARN, however the template came by it. `arn` may also be the URI that API Gateway invokes it by.
    pub(super) fn function(&mut self, arn: &Node) -> Result<&'r Resource, Finding> {
        let text = arn.text("the ARN of a function")?;
        let text = text.split_once(":lambda:path/").map_or(text.as_str(), |(_, path)| arn_in(path));
        let functions = self.stack.functions()?;
        for resource in &functions {
            if self.stack.attribute_of(resource, "Arn")? == text {
                if !self.functions.contains_key(&resource.id) {
                    self.functions.insert(resource.id.clone(), function::read(self.stack, resource, self.warnings)?);
                }
                return Ok(resource);
            }
        }
        Err(no_function(arn.span, text, &functions))
    }

    /// Whether the route is two-way, which needs an expression here and a resource elsewhere.
    fn route_response(&mut self, route: &Described<'_>) -> Result<bool, Finding> {
        let expression = route.properties.optional("RouteResponseSelectionExpression")?;
        expression.iter().try_for_each(|node| only_default(node, "RouteResponseSelectionExpression"))?;
        let (api, Described { key, id, .. }) = (&self.api.id, route);
        let unheard = "so on AWS the body that its function returns never reaches the client";
        match (expression, self.responses.get(*id)) {
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

/// The function's ARN in `2015-03-31/functions/{arn}/invocations`.
fn arn_in(path: &str) -> &str {
    let arn = path.split_once("/functions/").map_or(path, |(_, arn)| arn);
    arn.strip_suffix("/invocations").unwrap_or(arn)
}

fn no_function(span: SourceSpan, arn: &str, functions: &[&Resource]) -> Finding {
    let kinds = format!("{SERVERLESS_FUNCTION} or {LAMBDA_FUNCTION}");
    let finding = Finding::at(span, format!("`{arn}` is not the ARN of an {kinds} in this template"));
    let known: Vec<_> = functions.iter().map(|resource| format!("`!GetAtt {}.Arn`", resource.id)).collect();
    match known.as_slice() {
        [] => finding.help(format!("add a resource with `Type: {SERVERLESS_FUNCTION}`")),
        known => finding.help(format!(
            "the gateway calls the functions themselves, no alias or version: write {}",
            known.join(" or ")
        )),
    }
}

fn route_responses(stack: &Stack, api_id: &str) -> Result<BTreeMap<String, SourceSpan>, Finding> {
    let mut responses = BTreeMap::new();
    for resource in stack.of_api(ROUTE_RESPONSE, api_id)? {
        let properties = stack.properties(resource);
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

/// Only API Gateway's own route keys start with `$`.
pub(super) fn check_reserved(key: &str, span: SourceSpan) -> Result<(), Finding> {
    if !key.starts_with('$') || matches!(key, "$connect" | "$disconnect" | "$default") {
        return Ok(());
    }
    let finding = Finding::at(span, format!("`{key}` is no route key that API Gateway knows"));
    Err(finding.help("those with `$` are `$connect`, `$disconnect` and `$default`"))
}

pub(super) fn refuse_api_key(properties: &Properties<'_>) -> Result<(), Finding> {
    match properties.optional("ApiKeyRequired")? {
        Some(node) if node.boolean("`ApiKeyRequired`")? => {
            Err(Finding::lets_everyone_in(node.span, "`ApiKeyRequired`"))
        }
        _ => Ok(()),
    }
}

/// The property is called differently everywhere, but is always in milliseconds.
pub(super) fn integration_timeout(properties: &Properties<'_>, name: &str) -> Result<Duration, Finding> {
    let longest = limits::INTEGRATION_TIMEOUT;
    let Some(node) = properties.optional(name)? else { return Ok(longest) };
    // Both are less than a minute.
    let [least, most] = [limits::SHORTEST_INTEGRATION_TIMEOUT, longest].map(|limit| limit.as_millis() as u64);
    node.integer(&format!("`{name}`, in milliseconds,"), least..=most).map(Duration::from_millis)
}
