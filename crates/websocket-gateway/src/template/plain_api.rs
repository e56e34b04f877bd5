//! `AWS::ApiGatewayV2::Api`: CloudFormation's own resource for a WebSocket API.

use super::findings::Findings;
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
pub(super) fn check(stack: &Stack, api: &Resource, findings: &mut Findings) {
    findings.extend(stack.properties(api).unknown(&PROPERTIES));
}
