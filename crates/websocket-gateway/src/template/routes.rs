//! What routes have in common in both dialects: the function, the timeout, and whether the route is two-way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use miette::SourceSpan;

use super::check::rules::{self, Rule};
use super::error::{Finding, Severity};
use super::findings::Findings;
use super::function;
use super::kinds::{DEPLOYMENT, LAMBDA_FUNCTION, ROUTE_RESPONSE, SERVERLESS_FUNCTION, SERVERLESS_WEBSOCKET_API};
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
    /// The rule of AWS that it breaks. `None` if AWS serves it.
    pub(super) rule: Option<&'static Rule>,
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
    /// The logical ids of the routes that have a RouteResponse.
    with_response: BTreeSet<String>,
    /// The place of each route key, also for routes that are left out.
    keys: BTreeMap<String, SourceSpan>,
    /// Whether there is a route, even if it can't be read.
    has_routes: bool,
    routes: BTreeMap<String, Route>,
    unserved: BTreeMap<String, String>,
    functions: BTreeMap<String, Option<Function>>,
    pub(super) authorizer: Option<Authorizer>,
    pub(super) findings: &'r mut Findings,
}

/// What was collected: routes and the reasons against them by route key, and functions by their logical ids, `None` for those that can't be
/// read.
pub(super) struct Finished {
    pub(super) routes: BTreeMap<String, Route>,
    pub(super) unserved: BTreeMap<String, String>,
    pub(super) authorizer: Option<Authorizer>,
    pub(super) functions: BTreeMap<String, Option<Function>>,
}

impl<'r> Routes<'r> {
    pub(super) fn new(stack: &'r Stack, api: &'r Resource, findings: &'r mut Findings) -> Self {
        let (keys, has_routes, routes, unserved, functions, authorizer) = Default::default();
        let with_response = with_response(stack, api);
        Self { stack, api, with_response, keys, has_routes, routes, unserved, functions, authorizer, findings }
    }

    /// Counts a route that is about to be read.
    pub(super) fn meets_route(&mut self) {
        self.has_routes = true;
    }

    /// Adds a route, and returns the function that it invokes.
    pub(super) fn add(&mut self, route: &Described<'_>) -> Result<&'r Resource, Finding> {
        self.take_key(route.key, route.span)?;
        let unused = ["ModelSelectionExpression", "RequestModels", "RequestParameters"];
        self.findings.extend(route.properties.ignored(&unused));
        let function = self.function(&route.integration.function)?;
        let read = Route {
            function: function.id.clone(),
            integration_timeout: route.integration.timeout,
            route_response: self.route_response(route),
        };
        self.routes.insert(route.key.to_owned(), read);
        Ok(function)
    }

    /// Leaves out a route that only AWS can serve, with a warning.
    pub(super) fn leave_out(&mut self, key: &str, span: SourceSpan, unserved: Unserved) -> Result<(), Finding> {
        self.take_key(key, span)?;
        let Unserved { rule, why, at, advice } = unserved;
        let instead = match key {
            "$connect" => "no client can connect",
            "$disconnect" => "nothing runs when a connection ends",
            _ => "its messages get the frame `Internal server error`",
        };
        let message = format!("the route `{key}` can't be served here, so {instead}: {why}");
        let finding = Finding::at(at, message).help(advice);
        self.findings.push(match rule {
            Some(rule) => finding.breaks(rule),
            None => finding,
        });
        self.unserved.insert(key.to_owned(), why);
        Ok(())
    }

    /// Registers a route key, which no other route may have.
    pub(super) fn take_key(&mut self, key: &str, span: SourceSpan) -> Result<(), Finding> {
        match self.keys.insert(key.to_owned(), span) {
            Some(first) => Err(Finding::at(span, format!("the API has two routes with the key `{key}`"))
                .label(first, "the other route")
                .breaks(rules::DUPLICATE_ROUTE_KEY)
                .help("remove one of the routes")),
            None => Ok(()),
        }
    }

    pub(super) fn has_key(&self, key: &str) -> bool {
        self.keys.contains_key(key)
    }

    /// Returns what was collected.
    pub(super) fn finish(self) -> Finished {
        let has_none = (!self.has_routes).then(|| self.no_routes());
        let Self { routes, unserved, functions, authorizer, findings, .. } = self;
        findings.extend(has_none);
        Finished { routes, unserved, authorizer, functions }
    }

    fn no_routes(&self) -> Finding {
        let message = format!("the API `{}` has no routes", self.api.id);
        let finding = Finding::at(self.api.span, message).help("add at least `$default`");
        if self.is_deployed() { finding.breaks(rules::NO_ROUTES) } else { finding.severity(Severity::Error) }
    }

    /// Whether the template itself deploys the API. Otherwise its routes may be in another template.
    fn is_deployed(&self) -> bool {
        let has_deployment = |id: String| !self.stack.known_of_api(DEPLOYMENT, &id).is_empty();
        let is_serverless = self.api.kind == SERVERLESS_WEBSOCKET_API;
        self.stack.is_complete && (is_serverless || self.stack.id_of(self.api).is_ok_and(has_deployment))
    }

    /// The function with this ARN, in whatever way the template writes it. `arn` may also be the URI with which API Gateway invokes the
    /// function.
    pub(super) fn function(&mut self, arn: &Node) -> Result<&'r Resource, Finding> {
        let text = arn.text("the ARN of a function")?;
        let Some(resource) = function_called(self.stack, &text)? else {
            return Err(no_function(arn.span, arn_in(&text), &self.stack.functions()?));
        };
        if !self.functions.contains_key(&resource.id) {
            let read = function::read(self.stack, resource, self.findings);
            self.functions.insert(resource.id.clone(), self.findings.keep(read));
        }
        Ok(resource)
    }

    /// Whether the route is two-way, which it is with an `AWS::ApiGatewayV2::RouteResponse`. AWS's own samples leave out the selection expression
    /// that AWS's console writes as well. Nothing that a function returns when a client connects or disconnects could be sent to it as a message.
    fn route_response(&self, route: &Described<'_>) -> bool {
        self.with_response.contains(route.id) && !matches!(route.key, "$connect" | "$disconnect")
    }
}

/// The function that an ARN names, or the URI with which API Gateway invokes it. `None` if it is not in this template.
pub(super) fn function_called<'s>(stack: &'s Stack, text: &str) -> Result<Option<&'s Resource>, Finding> {
    let arn = arn_in(text);
    for resource in stack.functions()? {
        // Another function's name may be one that only AWS knows.
        if stack.attribute_of(resource, "Arn").is_ok_and(|known| known == arn) {
            return Ok(Some(resource));
        }
    }
    Ok(None)
}

/// The function's ARN, which may stand in a URI whose path is `2015-03-31/functions/{arn}/invocations`.
fn arn_in(text: &str) -> &str {
    let Some((_, path)) = text.split_once(":lambda:path/") else { return text };
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

fn with_response(stack: &Stack, api: &Resource) -> BTreeSet<String> {
    let responses = stack.id_of(api).map(|id| stack.known_of_api(ROUTE_RESPONSE, &id)).unwrap_or_default();
    let properties = responses.into_iter().map(|response| stack.properties(response));
    let of_default =
        properties.filter(|properties| properties.known("RouteResponseKey").is_some_and(|(key, _)| key == "$default"));
    of_default.filter_map(|properties| Some(properties.known("RouteId")?.0)).collect()
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
    let timeout = node.integer(&format!("`{name}`, in milliseconds,"), least..=most).map(Duration::from_millis);
    timeout.map_err(|finding| finding.breaks(rules::INTEGRATION_TIMEOUT))
}
