//! `AWS::Lambda::Permission` and connectors: whether API Gateway may invoke a function on AWS.

use super::connectors;
use super::error::Finding;
use super::kinds::PERMISSION;
use super::stack::{Resource, Stack};
use crate::iam::matches;

const API_GATEWAY: &str = "apigateway.amazonaws.com";

/// Whether a permission or a connector lets API Gateway invoke `function` for `route`: `{api id}/{stage}/{route key}` or
/// `{api id}/authorizers/{authorizer id}`.
pub(super) fn allow(stack: &Stack, function: &Resource, route: &str) -> Result<bool, Finding> {
    let name = stack.id_of(function)?;
    let source = stack.options.account.arn("execute-api", route);
    let permissions = stack.of_kind(PERMISSION)?;
    let allowed = permissions.into_iter().any(|permission| {
        let properties = stack.properties(permission);
        // A value that can't be resolved here may well be right on AWS.
        let fits = |property: &str, test: &dyn Fn(&str) -> bool| match properties.optional(property) {
            Ok(Some(node)) => node.text("").is_ok_and(|text| test(&text)),
            Ok(None) => property == "SourceArn",
            Err(_) => property != "FunctionName",
        };
        fits("FunctionName", &|text| is_function(text, &name))
            && fits("Action", &|action| matches(action, "lambda:InvokeFunction"))
            && fits("Principal", &|principal| principal == "*" || principal.starts_with(API_GATEWAY))
            && fits("SourceArn", &|pattern| matches(pattern, &source))
    });
    let arn = stack.attribute_of(function, "Arn")?;
    let mut connectors = connectors::all(stack)?.into_iter();
    Ok(allowed || connectors.any(|connector| connector.lets_invoke(stack, &arn, route).unwrap_or_default()))
}

/// Whether `text` names the function: by its name, its ARN or a part of the ARN, with or without a version or alias.
///
/// Source: AWS Lambda API reference, `AddPermission`, `FunctionName`.
fn is_function(text: &str, name: &str) -> bool {
    let named = text.split_once("function:").map_or(text, |(_, named)| named);
    named.split(':').next() == Some(name)
}
