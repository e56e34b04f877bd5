//! Two-way routes: the selection expression of the route and its `AWS::ApiGatewayV2::RouteResponse`. Either is nothing without the other.

use super::super::error::Finding;
use super::super::findings::Findings;
use super::super::kinds::ROUTE_RESPONSE;
use super::super::stack::Stack;
use super::apis::{WrittenApi, WrittenRoute};
use super::rules;

const EXPRESSION: &str = "RouteResponseSelectionExpression";

pub(super) fn check(stack: &Stack, api: &WrittenApi<'_>, findings: &mut Findings) {
    for route in &api.routes {
        let responses = api
            .responses
            .iter()
            .filter(|response| stack.properties(response).known("RouteId").is_some_and(|(id, _)| id == route.id));
        let responses: Vec<_> = responses.collect();
        if !route.is_for_messages() {
            findings.extend(responses.iter().map(|response| {
                let message = format!("the route `{}` has a RouteResponse", route.key);
                Finding::at(response.span, message).breaks(rules::ROUTE_RESPONSE_ON_CONNECT).help("remove it")
            }));
            continue;
        }
        match (route.properties.written(EXPRESSION), responses.as_slice()) {
            (Some(_), []) if stack.is_complete => findings.push(missing_response(api, route)),
            (None, [response, ..]) => {
                findings.push(missing_expression(route).label(response.span, "its RouteResponse"));
            }
            _ => {}
        }
        findings.extend(not_default(route.properties.known(EXPRESSION), EXPRESSION));
    }
    for response in &api.responses {
        let key = stack.properties(response).known("RouteResponseKey");
        findings.extend(not_default(key, "RouteResponseKey"));
    }
}

fn missing_response(api: &WrittenApi<'_>, route: &WrittenRoute<'_>) -> Finding {
    let (key, id, api) = (&route.key, &route.id, &api.resource.id);
    let message = format!("the route `{key}` has no {ROUTE_RESPONSE}");
    Finding::at(route.properties.span_of(EXPRESSION), message).breaks(rules::MISSING_ROUTE_RESPONSE).mend(
        "add it to `Resources`",
        format!(
            "  {id}Response:\n    Type: {ROUTE_RESPONSE}\n    Properties:\n      ApiId: !Ref {api}\n      RouteId: !Ref {id}\n      \
             RouteResponseKey: $default\n"
        ),
    )
}

fn missing_expression(route: &WrittenRoute<'_>) -> Finding {
    let message = format!("the route `{}` has no `{EXPRESSION}`", route.key);
    let indent = if route.resource.is_some() { "      " } else { "          " };
    Finding::at(route.span, message)
        .breaks(rules::MISSING_RESPONSE_SELECTION)
        .mend("add it to the route", format!("{indent}{EXPRESSION}: $default\n"))
}

fn not_default(value: Option<(String, miette::SourceSpan)>, property: &str) -> Option<Finding> {
    let (value, span) = value.filter(|(value, _)| value != "$default")?;
    let message = format!("`{property}` is `{value}`, but it can only be `$default`");
    Some(Finding::at(span, message).breaks(rules::ROUTE_RESPONSE_KEY).help(format!("write `{property}: $default`")))
}
