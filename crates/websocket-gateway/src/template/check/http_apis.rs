//! Properties that only HTTP APIs have.

use super::super::error::Finding;
use super::super::findings::Findings;
use super::super::stack::{Resource, Stack};
use super::apis::WrittenApi;
use super::rules;

/// Source: API Gateway API reference, "Supported only for HTTP APIs".
const OF_APIS: [&str; 6] = ["BasePath", "Body", "BodyS3Location", "CredentialsArn", "RouteKey", "Target"];
const OF_ROUTES: [&str; 1] = ["AuthorizationScopes"];
const OF_INTEGRATIONS: [&str; 2] = ["IntegrationSubtype", "TlsConfig"];
const OF_AUTHORIZERS: [&str; 4] =
    ["AuthorizerPayloadFormatVersion", "AuthorizerResultTtlInSeconds", "EnableSimpleResponses", "JwtConfiguration"];

pub(super) fn check(stack: &Stack, api: &WrittenApi<'_>, findings: &mut Findings) {
    if !api.is_serverless() {
        findings.extend(cors(stack, api.resource));
        unsupported(stack, api.resource, &OF_APIS, findings);
    }
    for route in api.routes.iter().filter_map(|route| route.resource) {
        unsupported(stack, route, &OF_ROUTES, findings);
    }
    for integration in &api.integrations {
        findings.extend(payload_format(stack, integration));
        unsupported(stack, integration, &OF_INTEGRATIONS, findings);
    }
    for authorizer in &api.authorizers {
        unsupported(stack, authorizer, &OF_AUTHORIZERS, findings);
    }
}

fn cors(stack: &Stack, api: &Resource) -> Option<Finding> {
    let entry = stack.properties(api).entry("CorsConfiguration")?;
    let finding = Finding::at(entry.key_span, format!("`{}` is a WebSocket API and has no CORS", api.id));
    Some(
        finding
            .breaks(rules::CORS)
            .help("remove it; to admit only some pages, let `$connect` look at the header `Origin`"),
    )
}

fn payload_format(stack: &Stack, integration: &Resource) -> Option<Finding> {
    let (version, span) = stack.properties(integration).known("PayloadFormatVersion")?;
    // An unquoted 1.0 may have become the number 1.
    if matches!(version.as_str(), "1.0" | "1") {
        return None;
    }
    let finding = Finding::at(span, format!("`PayloadFormatVersion: {version}` is for HTTP APIs"));
    Some(
        finding
            .breaks(rules::PAYLOAD_FORMAT)
            .help("remove it: the events of a WebSocket API have a format of their own"),
    )
}

fn unsupported(stack: &Stack, resource: &Resource, properties: &[&str], findings: &mut Findings) {
    let written = stack.properties(resource);
    for entry in properties.iter().filter_map(|name| written.entry(name)) {
        // Some tools write a time to live of 0 everywhere.
        if written.known(&entry.key).is_none_or(|(value, _)| value != "0") {
            let message = format!("`{}` has the property `{}` of HTTP APIs", resource.id, entry.key);
            findings.push(Finding::at(entry.key_span, message).breaks(rules::HTTP_API_PROPERTY).help("remove it"));
        }
    }
}
