//! The authorizer of `$connect`: the `Auth` of an `AWS::Serverless::WebSocketApi`, or the `AWS::ApiGatewayV2::Authorizer` that an
//! `AWS::ApiGatewayV2::Route` names.

use super::check::rules;
use super::error::Finding;
use super::kinds::AUTHORIZER;
use super::node::Node;
use super::properties::Properties;
use super::routes::Routes;
use super::stack::{Resource, Stack};
use crate::api::{Authorizer, IdentitySource};

/// Source: SAM developer guide, `WebSocketApiAuth`.
const AUTH_PROPERTIES: [&str; 5] = ["AuthArn", "AuthType", "IdentitySource", "InvokeRole", "Name"];

/// Source: AWS CloudFormation reference, `AWS::ApiGatewayV2::Authorizer`.
const PROPERTIES: [&str; 11] = [
    "ApiId",
    "AuthorizerCredentialsArn",
    "AuthorizerPayloadFormatVersion",
    "AuthorizerResultTtlInSeconds",
    "AuthorizerType",
    "AuthorizerUri",
    "EnableSimpleResponses",
    "IdentitySource",
    "IdentityValidationExpression",
    "JwtConfiguration",
    "Name",
];

/// Reads the `Auth` of an `AWS::Serverless::WebSocketApi`. `routes` must already have the API's `Routes`.
pub(super) fn of_serverless_api(stack: &Stack, api: &Resource, routes: &mut Routes<'_>) -> Result<(), Finding> {
    let Some(auth) = stack.properties(api).optional("Auth")? else { return Ok(()) };
    let properties = Properties::new(stack, "`Auth`".to_owned(), auth.span, auth.map("`Auth`")?);
    routes.findings.extend(properties.misnamed(&AUTH_PROPERTIES));
    let kind = properties.required("AuthType")?;
    match kind.text("`AuthType`")?.as_str() {
        "NONE" => return Ok(()),
        "CUSTOM" if routes.has_key("$connect") => {}
        "CUSTOM" => {
            let message = "`Auth` applies to `$connect` only, but `Routes` has no `$connect`";
            return Err(Finding::at(kind.span, message).breaks(rules::SAM_AUTH).help("add `$connect` to `Routes`"));
        }
        other => return Err(unsupported(stack, &kind, "AuthType", other)),
    }
    let function = routes.function(&properties.required("AuthArn")?)?;
    let identity_sources = identity_sources(&properties)?;
    routes.authorizer = Some(Authorizer { function: function.id.clone(), identity_sources });
    Ok(())
}

/// Reads the authorization of an `AWS::ApiGatewayV2::Route`.
pub(super) fn of_route(
    stack: &Stack,
    api_id: &str,
    key: &str,
    route: &Properties<'_>,
    routes: &mut Routes<'_>,
) -> Result<(), Finding> {
    let named = route.optional("AuthorizerId")?;
    let kind = route.optional("AuthorizationType")?;
    let text = kind.as_ref().map_or_else(|| Ok("NONE".to_owned()), |kind| kind.text("`AuthorizationType`"))?;
    let Some(kind) = kind.filter(|_| text != "NONE") else {
        if let Some(named) = named {
            let message = "without `AuthorizationType` this authorizer has no effect: every client may connect";
            let finding = Finding::at(named.span, message).breaks(rules::AUTHORIZER_WITHOUT_TYPE);
            routes.findings.push(finding.mend("add it to the route", "      AuthorizationType: CUSTOM\n"));
        }
        return Ok(());
    };
    match (text.as_str(), named) {
        (_, _) if key != "$connect" => {
            let message = format!("the route `{key}` can't have an authorizer: API Gateway authorizes only `$connect`");
            Err(Finding::at(kind.span, message)
                .breaks(rules::AUTHORIZER_ELSEWHERE)
                .help("take `AuthorizationType` and `AuthorizerId` to the route `$connect`: who may connect may send"))
        }
        ("CUSTOM", Some(named)) => of_resource(stack, api_id, &named, routes),
        ("CUSTOM", None) => Err(route
            .missing("AuthorizerId")
            .breaks(rules::MISSING_AUTHORIZER)
            .help("name the authorizer, for example `AuthorizerId: !Ref Authorizer`")),
        (other, _) => Err(unsupported(stack, &kind, "AuthorizationType", other)),
    }
}

fn of_resource(stack: &Stack, api_id: &str, named: &Node, routes: &mut Routes<'_>) -> Result<(), Finding> {
    let resource = find(stack, api_id, named)?;
    let properties = stack.properties(resource);
    routes.findings.extend(properties.unknown(&PROPERTIES));
    let kind = properties.required("AuthorizerType")?;
    let text = kind.text("`AuthorizerType`")?;
    if text == "JWT" {
        return Err(no_jwt(&kind, "AuthorizerType"));
    }
    if text != "REQUEST" {
        return Err(Finding::unsupported_access_control(kind.span, &format!("`AuthorizerType: {text}`"))
            .breaks(rules::AUTHORIZER_TYPE)
            .help("a WebSocket API has authorizers of the type `REQUEST` only"));
    }
    let function = routes.function(&properties.required("AuthorizerUri")?)?;
    let identity_sources = identity_sources(&properties)?;
    routes.authorizer = Some(Authorizer { function: function.id.clone(), identity_sources });
    Ok(())
}

fn find<'s>(stack: &'s Stack, api_id: &str, named: &Node) -> Result<&'s Resource, Finding> {
    let id = named.text("`AuthorizerId`")?;
    let known = stack.of_api(AUTHORIZER, api_id)?;
    known.iter().copied().find(|resource| resource.id == id).ok_or_else(|| {
        let finding = Finding::at(named.span, format!("`{id}` is not an authorizer of this API"));
        let is_here = stack.resources.iter().any(|resource| resource.id == id);
        let finding = if is_here { finding.breaks(rules::AUTHORIZER_OF_OTHER_API) } else { finding };
        match known.first() {
            Some(known) => finding.help(format!("write for example `AuthorizerId: !Ref {}`", known.id)),
            None => finding.help(format!("add a resource with `Type: {AUTHORIZER}`")),
        }
    })
}

fn identity_sources(properties: &Properties<'_>) -> Result<Vec<IdentitySource>, Finding> {
    let Some(node) = properties.optional("IdentitySource")? else { return Ok(Vec::new()) };
    let sources = node.list("`IdentitySource`")?.iter().map(|item| {
        let text = item.text("an `IdentitySource`")?;
        IdentitySource::parse(&text).ok_or_else(|| {
            let message = format!("`{text}` is not an identity source of a WebSocket API");
            Finding::at(item.span, message).breaks(rules::IDENTITY_SOURCE).help(
                "write `route.request.header.Name`, `route.request.querystring.name`, `stageVariables.name` or `context.name`",
            )
        })
    });
    sources.collect()
}

/// For an authorization that is neither `NONE` nor a Lambda authorizer.
fn unsupported(stack: &Stack, kind: &Node, property: &str, value: &str) -> Finding {
    match value {
        "AWS_IAM" => {
            let finding = Finding::unsupported_access_control(kind.span, &format!("`{property}: AWS_IAM`"));
            finding.help(if stack.is_json {
                "to start without it, leave the authorizer out where this file is made, for example if a context value of `cdk synth` \
                 says so"
                    .to_owned()
            } else {
                format!(
                    "to start without it, take its value from a parameter (`{property}: !Ref {property}`, `Default: AWS_IAM`) and pass \
                     --parameter {property}=NONE"
                )
            })
        }
        "JWT" => no_jwt(kind, property),
        other => Finding::at(kind.span, format!("`{other}` is not an `{property}` of a WebSocket API"))
            .help("write `NONE`, `AWS_IAM`, or `CUSTOM` for a Lambda authorizer"),
    }
}

fn no_jwt(kind: &Node, property: &str) -> Finding {
    let message = format!("`{property}: JWT` is for HTTP APIs: AWS does not take it for a WebSocket API");
    Finding::at(kind.span, message)
        .breaks(rules::AUTHORIZER_TYPE)
        .help("let a Lambda authorizer check the token: an authorizer of the type `REQUEST`")
}
