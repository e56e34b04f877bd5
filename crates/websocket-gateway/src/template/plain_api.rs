//! `AWS::ApiGatewayV2::Api`: CloudFormation's own way to write a WebSocket API.

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

/// What concerns neither its routes nor its stage.
pub(super) fn check(stack: &Stack, api: &Resource, warnings: &mut Vec<Finding>) -> Result<(), Finding> {
    let properties = stack.properties(api);
    warnings.extend(properties.unknown(&PROPERTIES));
    // An API that is a document elsewhere is an HTTP API, which CloudFormation finds out late.
    warnings.extend(properties.ignored(&["Body", "BodyS3Location", "RouteKey", "Target"]));
    Ok(())
}
