//! `AWS::Lambda::Permission` and connectors: whether API Gateway may invoke a function. SAM makes permissions for the routes and the authorizer of
//! its own kind of API.

use miette::SourceSpan;

use super::super::connectors;
use super::super::error::Finding;
use super::super::findings::Findings;
use super::super::kinds::PERMISSION;
use super::super::routes::function_called;
use super::super::stack::{Resource, Stack};
use super::apis::WrittenApi;
use super::rules;
use crate::iam::matches;

const API_GATEWAY: &str = "apigateway.amazonaws.com";

pub(super) fn check(stack: &Stack, api: &WrittenApi<'_>, findings: &mut Findings) {
    for (function, calls) in calls(stack, api) {
        let refused: Vec<_> = calls.iter().filter(|call| allow(stack, function, &call.source) == Some(false)).collect();
        let Some(first) = refused.first() else { continue };
        let mut whats: Vec<_> = refused.iter().map(|call| call.what.as_str()).collect();
        whats.dedup();
        let message = format!("no {PERMISSION} lets API Gateway invoke `{}` for {}", function.id, whats.join(", "));
        findings.push(match nearest(stack, function, &first.source) {
            Some(near) => Finding::at(near.span, format!("{message}: `{}` {}", near.permission.id, near.differs))
                .breaks(rules::MISSING_PERMISSION)
                .mend("write instead", near.mend(api)),
            None => Finding::at(first.span, message).breaks(rules::MISSING_PERMISSION).mend(
                "add a permission to `Resources`",
                format!(
                    "  {id}ApiPermission:\n    Type: {PERMISSION}\n    Properties:\n      Action: lambda:InvokeFunction\n      \
                     FunctionName: !Ref {id}\n      Principal: {API_GATEWAY}\n{}",
                    source_arn(api),
                    id = function.id,
                ),
            ),
        });
    }
}

/// A call that API Gateway makes without a role of its own.
struct Call {
    /// What it is for, as a part of a sentence.
    what: String,
    span: SourceSpan,
    /// `{api id}/{stage}/{route key}` or `{api id}/authorizers/{authorizer id}`.
    source: String,
}

/// The calls of each function.
fn calls<'s>(stack: &'s Stack, api: &WrittenApi<'s>) -> Vec<(&'s Resource, Vec<Call>)> {
    let mut calls: Vec<(&Resource, Vec<Call>)> = Vec::new();
    let mut add = |function: &'s Resource, call: Call| match calls.iter_mut().find(|(known, _)| known.id == function.id)
    {
        Some((_, calls)) => calls.push(call),
        None => calls.push((function, vec![call])),
    };
    for route in &api.routes {
        let (Some(integration), Some(function)) = (route.integration, route.function) else { continue };
        let properties = stack.properties(integration);
        if properties.written("CredentialsArn").is_some() {
            continue;
        }
        for stage in &api.stages {
            let what = format!("the route `{}`", route.key);
            let source = format!("{}/{}/{}", api.id, stage.name, route.key);
            add(function, Call { what, span: route.span, source });
        }
    }
    for authorizer in &api.authorizers {
        let properties = stack.properties(authorizer);
        let function = properties.known("AuthorizerUri").and_then(|(uri, _)| function_called(stack, &uri).ok()?);
        if let Some(function) = function.filter(|_| properties.written("AuthorizerCredentialsArn").is_none()) {
            let what = format!("the authorizer `{}`", authorizer.id);
            let source = format!("{}/authorizers/{}", api.id, authorizer.id);
            add(function, Call { what, span: authorizer.span, source });
        }
    }
    calls
}

/// Whether a permission or a connector lets API Gateway invoke the function. `None` if that can't be told.
fn allow(stack: &Stack, function: &Resource, source: &str) -> Option<bool> {
    let name = stack.id_of(function).ok()?;
    let permissions = stack.of_kind(PERMISSION).ok()?;
    let arn = stack.attribute_of(function, "Arn").ok()?;
    let allowed = permissions.into_iter().any(|permission| wrong(stack, permission, &name, source).is_empty());
    let mut connectors = connectors::all(stack).ok()?.into_iter();
    Some(allowed || connectors.any(|connector| connector.lets_invoke(stack, &arn, source).unwrap_or_default()))
}

/// The properties of a permission that keep API Gateway from invoking the function.
fn wrong(stack: &Stack, permission: &Resource, name: &str, source: &str) -> Vec<&'static str> {
    let source = stack.options.account.arn("execute-api", source);
    let properties = stack.properties(permission);
    // A value that can't be resolved here may well be right on AWS, but not the name of a function that is known.
    let fits = |property: &str, test: &dyn Fn(&str) -> bool| match properties.optional(property) {
        Ok(Some(node)) => node.text("").is_ok_and(|text| test(&text)),
        Ok(None) => property == "SourceArn",
        Err(_) => property != "FunctionName",
    };
    let fits = [
        ("FunctionName", fits("FunctionName", &|text| is_function(text, name))),
        ("Action", fits("Action", &|action| matches(action, "lambda:InvokeFunction"))),
        ("Principal", fits("Principal", &|principal| principal == "*" || principal.starts_with(API_GATEWAY))),
        ("SourceArn", fits("SourceArn", &|pattern| matches(&anywhere(pattern), &anywhere(&source)))),
    ];
    fits.into_iter().filter_map(|(property, fits)| (!fits).then_some(property)).collect()
}

/// An ARN without its region and its account, which a template may write out.
fn anywhere(arn: &str) -> String {
    let parts: Vec<_> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        [arn, _, service, _, _, rest] => format!("{arn}:{service}:{rest}"),
        _ => arn.to_owned(),
    }
}

/// Whether `text` names the function: by its name, its ARN or a part of the ARN, with or without a version or alias.
///
/// Source: AWS Lambda API reference, `AddPermission`, `FunctionName`.
pub(in crate::template) fn is_function(text: &str, name: &str) -> bool {
    let named = text.split_once("function:").map_or(text, |(_, named)| named);
    named.split(':').next() == Some(name)
}

/// A permission for the function that differs in a single property from what it takes.
struct Near<'s> {
    permission: &'s Resource,
    span: SourceSpan,
    property: &'static str,
    differs: String,
}

impl Near<'_> {
    fn mend(&self, api: &WrittenApi<'_>) -> String {
        match self.property {
            "Action" => "      Action: lambda:InvokeFunction\n".to_owned(),
            "Principal" => format!("      Principal: {API_GATEWAY}\n"),
            _ => source_arn(api),
        }
    }
}

fn nearest<'s>(stack: &'s Stack, function: &Resource, source: &str) -> Option<Near<'s>> {
    let name = stack.id_of(function).ok()?;
    stack.of_kind(PERMISSION).ok()?.into_iter().find_map(|permission| {
        let property = match wrong(stack, permission, &name, source).as_slice() {
            [property] if *property != "FunctionName" => *property,
            _ => return None,
        };
        let (value, span) = stack.properties(permission).known(property)?;
        let differs = match property {
            "Action" => format!("allows `{value}`"),
            "Principal" => format!("is for `{value}`"),
            _ => "is for another API, stage or route".to_owned(),
        };
        Some(Near { permission, span, property, differs })
    })
}

fn source_arn(api: &WrittenApi<'_>) -> String {
    format!(
        "      SourceArn: !Sub arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}:{}/*\n",
        api.reference()
    )
}
