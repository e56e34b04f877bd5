//! `AWS::ApiGatewayV2::Route` with its `AWS::ApiGatewayV2::Integration`. An `AWS::Serverless::WebSocketApi` may have such routes, too.

use miette::SourceSpan;

use super::authorizers;
use super::check::rules;
use super::error::Finding;
use super::kinds::{INTEGRATION, ROUTE};
use super::mock;
use super::node::Node;
use super::properties::Properties;
use super::routes::{self, Described, Integration, Routes, Unserved};
use super::stack::{Resource, Stack};

/// Source: AWS CloudFormation reference, `AWS::ApiGatewayV2::Route`.
const ROUTE_PROPERTIES: [&str; 12] = [
    "ApiId",
    "ApiKeyRequired",
    "AuthorizationScopes",
    "AuthorizationType",
    "AuthorizerId",
    "ModelSelectionExpression",
    "OperationName",
    "RequestModels",
    "RequestParameters",
    "RouteKey",
    "RouteResponseSelectionExpression",
    "Target",
];

/// Source: AWS CloudFormation reference, `AWS::ApiGatewayV2::Integration`.
const INTEGRATION_PROPERTIES: [&str; 18] = [
    "ApiId",
    "ConnectionId",
    "ConnectionType",
    "ContentHandlingStrategy",
    "CredentialsArn",
    "Description",
    "IntegrationMethod",
    "IntegrationSubtype",
    "IntegrationType",
    "IntegrationUri",
    "PassthroughBehavior",
    "PayloadFormatVersion",
    "RequestParameters",
    "RequestTemplates",
    "ResponseParameters",
    "TemplateSelectionExpression",
    "TimeoutInMillis",
    "TlsConfig",
];

/// Reads every route of the API that is a resource of its own.
pub(super) fn read(stack: &Stack, api_id: &str, routes: &mut Routes<'_>) {
    let resources = stack.of_api(ROUTE, api_id);
    for route in routes.findings.keep(resources).unwrap_or_default() {
        routes.meets_route();
        let read = read_route(stack, route, api_id, routes);
        routes.findings.keep(read);
    }
}

fn read_route(stack: &Stack, route: &Resource, api_id: &str, routes: &mut Routes<'_>) -> Result<(), Finding> {
    let properties = stack.properties(route);
    routes.findings.extend(properties.unknown(&ROUTE_PROPERTIES));
    let key_node = properties.required("RouteKey")?;
    let (key, span) = (key_node.text("`RouteKey`")?, key_node.span);
    let authorizer = authorizers::of_route(stack, api_id, &key, &properties, routes);
    routes.findings.keep(authorizer);
    routes::refuse_api_key(&properties)?;

    let Some(target) = properties.optional("Target")? else { return without_target(route, &key, span, routes) };
    let integration_properties = stack.properties(integration_of(stack, &target)?);
    if matches!(key.as_str(), "$connect" | "$disconnect") && mock::says_yes(&integration_properties)? {
        return routes.take_key(&key, span);
    }
    if let Some(unserved) = unserved(&integration_properties)? {
        return routes.leave_out(&key, span, unserved);
    }
    routes.findings.extend(integration_properties.unknown(&INTEGRATION_PROPERTIES));
    routes.findings.extend(without_effect(&integration_properties));
    let unused = ["ContentHandlingStrategy", "RequestParameters", "TemplateSelectionExpression"];
    routes.findings.extend(integration_properties.ignored(&unused));
    let integration = Integration {
        function: integration_properties.required("IntegrationUri")?,
        timeout: routes::integration_timeout(&integration_properties, "TimeoutInMillis")?,
    };
    routes.add(&Described { key: &key, span, id: &route.id, properties: &properties, integration })?;
    Ok(())
}

/// `$connect` and `$disconnect` may lack an integration: API Gateway then behaves as if the route did not exist.
fn without_target(route: &Resource, key: &str, span: SourceSpan, routes: &mut Routes<'_>) -> Result<(), Finding> {
    if matches!(key, "$connect" | "$disconnect") {
        return routes.take_key(key, span);
    }
    let why = "it has no `Target`".to_owned();
    let advice = "add an integration and its `Target: !Sub integrations/${Integration}`".to_owned();
    let rule = Some(rules::ROUTE_WITHOUT_TARGET);
    routes.leave_out(key, span, Unserved { rule, why, at: route.span, advice })
}

fn integration_of<'s>(stack: &'s Stack, target: &Node) -> Result<&'s Resource, Finding> {
    let text = target.text("`Target`")?;
    let id = text.strip_prefix("integrations/");
    let integrations = stack.of_kind(INTEGRATION)?;
    integrations.iter().copied().find(|resource| id == Some(&resource.id)).ok_or_else(|| {
        let finding = Finding::at(target.span, format!("`{text}` is not an integration in this template"));
        // It may be in another template, but not without its prefix.
        let finding = if id.is_none() { finding.breaks(rules::UNKNOWN_TARGET) } else { finding };
        match integrations.first() {
            Some(known) => finding.help(format!("write for example `Target: !Sub integrations/${{{}}}`", known.id)),
            None => finding.help(format!("add a resource with `Type: {INTEGRATION}`")),
        }
    })
}

/// Why the gateway can't serve an integration. It serves Lambda proxies, whose event and answer API Gateway does not transform.
fn unserved(integration: &Properties<'_>) -> Result<Option<Unserved>, Finding> {
    let kind = integration.required("IntegrationType")?;
    let name = kind.text("`IntegrationType`")?;
    if name != "AWS_PROXY" {
        let what = match name.as_str() {
            "MOCK" => "answers without a function".to_owned(),
            "HTTP" | "HTTP_PROXY" => "calls an HTTP server".to_owned(),
            "AWS" => match service_of(integration).as_deref() {
                Some("lambda") => "calls a function through mapping templates".to_owned(),
                Some(service) => format!("calls the AWS service `{service}`"),
                None => "calls an AWS service".to_owned(),
            },
            _ => return Err(not_an_integration_type(&kind, &name)),
        };
        return Ok(Some(Unserved {
            rule: None,
            why: format!("its integration is `{name}`, which {what}"),
            at: kind.span,
            advice: "the gateway serves Lambda proxies only: to try the route here, let its integration be `AWS_PROXY` with a function"
                .to_owned(),
        }));
    }
    // Messages are text anyway, so a conversion to text changes nothing.
    match integration.optional("ContentHandlingStrategy")? {
        Some(node) if node.text("`ContentHandlingStrategy`")? != "CONVERT_TO_TEXT" => Ok(Some(Unserved {
            rule: None,
            why: "its integration has a `ContentHandlingStrategy` that converts messages to binary".to_owned(),
            at: node.span,
            advice: "leave `ContentHandlingStrategy` out, or write `CONVERT_TO_TEXT`".to_owned(),
        })),
        _ => Ok(None),
    }
}

/// The service in a URI such as `arn:aws:apigateway:us-east-1:sqs:path/…`.
fn service_of(integration: &Properties<'_>) -> Option<String> {
    let uri = integration.optional("IntegrationUri").ok()??.text("").ok()?;
    let mut parts = uri.split(':').skip(2);
    (parts.next() == Some("apigateway")).then(|| parts.nth(1).map(str::to_owned))?
}

fn not_an_integration_type(kind: &Node, name: &str) -> Finding {
    let types = ["AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK"];
    Finding::at(kind.span, format!("`{name}` is not an `IntegrationType`")).suggest(name, types)
}

/// The warning about a property that API Gateway ignores, too.
fn without_effect(integration: &Properties<'_>) -> Option<Finding> {
    integration.written("RequestTemplates")?;
    let message = "`RequestTemplates` have no effect on an `AWS_PROXY` integration: the function gets the whole event";
    let finding = Finding::at(integration.span_of("RequestTemplates"), message);
    Some(finding.breaks(rules::TEMPLATES_WITHOUT_EFFECT).help("remove them"))
}
