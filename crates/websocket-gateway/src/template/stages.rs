//! The stage of an API: from the properties of an `AWS::Serverless::WebSocketApi`, or from an `AWS::ApiGatewayV2::Stage`.

use std::collections::BTreeMap;

use miette::SourceSpan;

use super::choice::Choice;
use super::deployed_routes;
use super::error::Finding;
use super::kinds::{SERVERLESS_WEBSOCKET_API, STAGE};
use super::properties::Properties;
use super::stack::{Resource, Stack};
use crate::api::Stage;

/// Source: AWS CloudFormation reference, `AWS::ApiGatewayV2::Stage`.
const PROPERTIES: [&str; 12] = [
    "AccessLogSettings",
    "AccessPolicyId",
    "ApiId",
    "AutoDeploy",
    "ClientCertificateId",
    "DefaultRouteSettings",
    "DeploymentId",
    "Description",
    "RouteSettings",
    "StageName",
    "StageVariables",
    "Tags",
];

/// Reads the API's only stage, or the stage that `--stage` names.
pub(super) fn read(stack: &Stack, api: &Resource, warnings: &mut Vec<Finding>) -> Result<Stage, Finding> {
    let api_id = stack.id_of(api)?;
    let own = (api.kind == SERVERLESS_WEBSOCKET_API).then_some(api);
    let resources: Vec<_> = own.into_iter().chain(stack.of_api(STAGE, &api_id)?).collect();
    if resources.is_empty() {
        return Err(no_stage(api));
    }
    let names = resources.iter().map(|resource| name(stack, resource)).collect::<Result<Vec<_>, _>>()?;
    let owner = format!("the API `{}`", api.id);
    let choice = Choice { owner: &owner, what: "stage", flag: "--stage", candidates: &names };
    let index = choice.take(stack.options.stage.as_deref())?;

    let (name, span) = &names[index];
    check_name(name, *span)?;
    let properties = stack.properties(resources[index]);
    if resources[index].kind == STAGE {
        warnings.extend(properties.unknown(&PROPERTIES));
        warnings.extend(deployed_routes::check(stack, resources[index], &api_id)?);
    }
    Ok(Stage { name: name.clone(), variables: variables(&properties)? })
}

fn no_stage(api: &Resource) -> Finding {
    let id = &api.id;
    Finding::at(api.span, format!("the API `{id}` has no {STAGE}, so no client could connect to it")).help(format!(
        "add to `Resources`: {id}Stage: {{ Type: {STAGE}, Properties: \
         {{ ApiId: !Ref {id}, StageName: prod, AutoDeploy: true }} }}"
    ))
}

/// The stage's name and its place. SAM's default name is `default`.
fn name(stack: &Stack, resource: &Resource) -> Result<(String, SourceSpan), Finding> {
    let properties = stack.properties(resource);
    match properties.optional("StageName")? {
        Some(node) => Ok((node.text("`StageName`")?, node.span)),
        None if resource.kind == STAGE => Err(properties.missing("StageName")),
        None => Ok(("default".to_owned(), resource.span)),
    }
}

fn check_name(name: &str, span: SourceSpan) -> Result<(), Finding> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name == "$default" {
        return Err(Finding::at(span, "a WebSocket API can't have the stage `$default`")
            .help("only HTTP APIs have it: write for example `prod`"));
    }
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(
            Finding::at(span, format!("`{name}` is not a valid stage name")).help("use letters, digits, `-` and `_`")
        );
    }
    Ok(())
}

fn variables(properties: &Properties<'_>) -> Result<BTreeMap<String, String>, Finding> {
    properties.optional("StageVariables")?.map_or_else(|| Ok(BTreeMap::new()), |node| node.texts("`StageVariables`"))
}
