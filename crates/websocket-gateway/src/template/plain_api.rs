//! `AWS::ApiGatewayV2::Api`: CloudFormation's own resource for a WebSocket API.

use super::error::Finding;
use super::stack::{Resource, Stack};

/// Source: AWS CloudFormation reference, `AWS::ApiGatewayV2::Api`.
const PROPERTIES: [&str; 18] = [
    "ApiKeySelectionExpression",
    "BasePath",
    "Body",
    "BodyS3Location",
    "CorsConfiguration",
    "CredentialsArn",
    "Description",
    "DisableExecuteApiEndpoint",
    "DisableSchemaValidation",
    "FailOnWarnings",
    "IpAddressType",
    "Name",
    "ProtocolType",
    "RouteKey",
    "RouteSelectionExpression",
    "Tags",
    "Target",
    "Version",
];

/// Checks the properties that are not about routes or stages.
pub(super) fn check(stack: &Stack, api: &Resource, warnings: &mut Vec<Finding>) -> Result<(), Finding> {
    let properties = stack.properties(api);
    warnings.extend(properties.unknown(&PROPERTIES));
    // Only HTTP APIs have these properties. CloudFormation notices that late.
    warnings.extend(properties.ignored(&["Body", "BodyS3Location", "RouteKey", "Target"]));
    Ok(())
}
