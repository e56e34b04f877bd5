//! What routes have in common in both dialects: the function, the timeout, and whether the route is two-way.

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

/// A route as its dialect describes it. Properties that have the same name in both dialects are read from `properties`.
pub(super) struct Described<'d> {
    pub(super) key: &'d str,
    /// The place of the route key.
    pub(super) span: SourceSpan,
    /// The logical id, to which a RouteResponse refers.
    pub(super) id: &'d str,
    pub(super) properties: &'d Properties<'d>,
    pub(super) integration: Integration,
}

/// A Lambda proxy integration.
pub(super) struct Integration {
    /// The function's ARN, or the URI with which API Gateway invokes it.
    pub(super) function: Node,
    pub(super) timeout: Duration,
}

/// Why the gateway can't serve a route.
pub(super) struct Unserved {
    pub(super) why: String,
    /// The place in the template that causes it.
    pub(super) at: SourceSpan,
    /// What to do about it.
    pub(super) advice: String,
}

/// Collects the routes of an API and the functions that they invoke.
pub(super) struct Routes<'r> {
    stack: &'r Stack,
    api: &'r Resource,
    /// The place of each route's RouteResponse, by the route's logical id.
    responses: BTreeMap<String, SourceSpan>,
    /// The place of each route key, also for routes that are left out.
    keys: BTreeMap<String, SourceSpan>,
    routes: BTreeMap<String, Route>,
    unserved: BTreeMap<String, String>,
    functions: BTreeMap<String, Function>,
    pub(super) authorizer: Option<Authorizer>,
    pub(super) warnings: &'r mut Vec<Finding>,
}

/// What was collected: routes and the reasons against them by route key, and functions by their logical ids.
pub(super) struct Finished {
    pub(super) routes: BTreeMap<String, Route>,
    pub(super) unserved: BTreeMap<String, String>,
    pub(super) authorizer: Option<Authorizer>,
    pub(super) functions: BTreeMap<String, Function>,
}

impl<'r> Routes<'r> {
    pub(super) fn new(stack: &'r Stack, api: &'r Resource, warnings: &'r mut Vec<Finding>) -> Result<Self, Finding> {
        let responses = route_responses(stack, &stack.id_of(api)?)?;
        let (keys, routes, unserved, functions, authorizer) = Default::default();
        Ok(Self { stack, api, responses, keys, routes, unserved, functions, authorizer, warnings })
    }

    /// Adds a route, and returns the function that it invokes.
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

    /// Leaves out a route that only AWS can serve, with a warning.
    pub(super) fn leave_out(&mut self, key: &str, span: SourceSpan, unserved: Unserved) -> Result<(), Finding> {
        self.take_key(key, span)?;
        let Unserved { why, at, advice } = unserved;
        let instead = match key {
            "$connect" => "no client can connect",
            "$disconnect" => "nothing runs when a connection ends",
            _ => "its messages get the frame `Internal server error`",
        };
        let message = format!("the route `{key}` can't be served here, so {instead}: {why}");
        self.warnings.push(Finding::at(at, message).help(advice));
        self.unserved.insert(key.to_owned(), why);
        Ok(())
    }

    /// Registers a route key, which no other route may have.
    pub(super) fn take_key(&mut self, key: &str, span: SourceSpan) -> Result<(), Finding> {
        match self.keys.insert(key.to_owned(), span) {
            Some(first) => Err(Finding::at(span, format!("the API has two routes with the key `{key}`"))
                .label(first, "the other route")
                .help("remove one of the routes")),
            None => Ok(()),
        }
    }

    pub(super) fn has_key(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Returns what was collected.
    pub(super) fn finish(self) -> Result<Finished, Finding> {
        if self.keys.is_empty() {
            let finding = Finding::at(self.api.span, format!("the API `{}` has no routes", self.api.id));
            return Err(finding.help("add at least `$default`"));
        }
        let Self { routes, unserved, functions, authorizer, .. } = self;
        Ok(Finished { routes, unserved, authorizer, functions })
    }

    /// The function with this ARN, in whatever way the template writes it. `arn` may also be the URI with which API Gateway invokes the
    /// function.
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

    /// Whether the route is two-way. This takes both a property of the route and an `AWS::ApiGatewayV2::RouteResponse`. Warns if only one of
    /// them is present.
    fn route_response(&mut self, route: &Described<'_>) -> Result<bool, Finding> {
        // Nothing that a function returns there could be sent to the client as a message.
        if matches!(route.key, "$connect" | "$disconnect") {
            return Ok(false);
        }
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

/// The function's ARN in the path `2015-03-31/functions/{arn}/invocations`.
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
        known => finding
            .help(format!("the gateway invokes functions, not aliases or versions: write {}", known.join(" or "))),
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

/// Refuses route keys that begin with `$`, except API Gateway's own.
pub(super) fn check_reserved(key: &str, span: SourceSpan) -> Result<(), Finding> {
    if !key.starts_with('$') || matches!(key, "$connect" | "$disconnect" | "$default") {
        return Ok(());
    }
    let finding = Finding::at(span, format!("`{key}` is not a route key of API Gateway"));
    Err(finding.help("the route keys that begin with `$` are `$connect`, `$disconnect` and `$default`"))
}

/// Refuses a route that requires an API key.
pub(super) fn refuse_api_key(properties: &Properties<'_>) -> Result<(), Finding> {
    match properties.optional("ApiKeyRequired")? {
        Some(node) if node.boolean("`ApiKeyRequired`")? => {
            Err(Finding::unsupported_access_control(node.span, "`ApiKeyRequired`"))
        }
        _ => Ok(()),
    }
}

/// The timeout of an integration. Its property has a different name in each dialect, and is always in milliseconds.
pub(super) fn integration_timeout(properties: &Properties<'_>, name: &str) -> Result<Duration, Finding> {
    let longest = limits::INTEGRATION_TIMEOUT;
    let Some(node) = properties.optional(name)? else { return Ok(longest) };
    // Both limits are less than a minute, so nothing is cut off.
    let [least, most] = [limits::SHORTEST_INTEGRATION_TIMEOUT, longest].map(|limit| limit.as_millis() as u64);
    node.integer(&format!("`{name}`, in milliseconds,"), least..=most).map(Duration::from_millis)
}
