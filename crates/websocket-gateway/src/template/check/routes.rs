//! Route keys, integrations, and the expression that chooses a route.

use super::super::error::Finding;
use super::super::findings::Findings;
use super::super::stack::Stack;
use super::apis::{WrittenApi, WrittenRoute};
use super::rules;
use crate::api::RouteSelectionExpression;

pub(super) fn check(stack: &Stack, api: &WrittenApi<'_>, findings: &mut Findings) {
    findings.extend(selection(stack, api));
    for route in &api.routes {
        findings.extend(http_key(route));
        findings.extend(reserved_key(route));
        findings.extend(api_key(route));
        findings.extend(integration_elsewhere(stack, api, route));
    }
    for (resource, property) in api
        .integrations
        .iter()
        .map(|integration| (integration, "IntegrationUri"))
        .chain(api.authorizers.iter().map(|authorizer| (authorizer, "AuthorizerUri")))
    {
        let Some((uri, span)) = stack.properties(resource).known(property) else { continue };
        if uri.starts_with("arn:") && uri.split(':').nth(2) == Some("lambda") {
            let message = format!("`{property}` of `{}` is the ARN of a function", resource.id);
            findings.push(Finding::at(span, message).breaks(rules::BARE_FUNCTION_ARN).help(
                "write `!Sub arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Function.Arn}/invocations`",
            ));
        }
    }
}

/// An expression that is the same for each message, and that is not the key of a route.
fn selection(stack: &Stack, api: &WrittenApi<'_>) -> Option<Finding> {
    let (text, span) = stack.properties(api.resource).known("RouteSelectionExpression")?;
    let key = RouteSelectionExpression::parse(&text).ok()?.constant()?.to_owned();
    if api.routes.iter().any(|route| route.key == key) {
        return None;
    }
    let message = format!("the route selection expression `{text}` is the same for every message");
    let finding = Finding::at(span, message).breaks(rules::SELECTION);
    Some(
        finding.mend(
            "choose the route by a field of the message",
            "      RouteSelectionExpression: $request.body.action\n",
        ),
    )
}

const METHODS: [&str; 8] = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

fn http_key(route: &WrittenRoute<'_>) -> Option<Finding> {
    let (method, path) = route.key.split_once(' ')?;
    if !METHODS.contains(&method) || !path.starts_with('/') {
        return None;
    }
    let message = format!("the route key `{}` is that of an HTTP API", route.key);
    let finding = Finding::at(route.span, message).breaks(rules::HTTP_ROUTE_KEY);
    Some(finding.help("write what the route selection expression finds in a message, for example `sendmessage`"))
}

/// SAM refuses such a key itself.
fn reserved_key(route: &WrittenRoute<'_>) -> Option<Finding> {
    let known = ["$connect", "$disconnect", "$default"];
    let key = route.key.as_str();
    if route.resource.is_none() || !key.starts_with('$') || known.contains(&key) {
        return None;
    }
    let finding = Finding::at(route.span, format!("`{key}` is not a route key of API Gateway"));
    let help = "the route keys that begin with `$` are `$connect`, `$disconnect` and `$default`";
    Some(finding.breaks(rules::RESERVED_ROUTE_KEY).help(help).suggest(key, known))
}

fn api_key(route: &WrittenRoute<'_>) -> Option<Finding> {
    let (required, span) = route.properties.known("ApiKeyRequired")?;
    if required != "true" || route.key == "$connect" {
        return None;
    }
    let message = format!("the route `{}` requires an API key, which only `$connect` can", route.key);
    Some(
        Finding::at(span, message)
            .breaks(rules::API_KEY_ELSEWHERE)
            .help("take `ApiKeyRequired` to the route `$connect`"),
    )
}

fn integration_elsewhere(stack: &Stack, api: &WrittenApi<'_>, route: &WrittenRoute<'_>) -> Option<Finding> {
    let integration = route.integration?;
    let (id, _) = stack.properties(integration).known("ApiId")?;
    if id == api.id {
        return None;
    }
    let message = format!("`{}` is an integration of another API", integration.id);
    let finding = Finding::at(route.properties.span_of("Target"), message).breaks(rules::INTEGRATION_ELSEWHERE);
    Some(finding.label(integration.span, "its `ApiId` differs").help("an integration belongs to one API"))
}
