//! The stage of an API: from the properties of an `AWS::Serverless::WebSocketApi`, or from an `AWS::ApiGatewayV2::Stage`.

use std::collections::BTreeMap;

use miette::SourceSpan;

use super::check::rules;
use super::choice::Choice;
use super::error::Finding;
use super::findings::Findings;
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
pub(super) fn read(stack: &Stack, api: &Resource, findings: &mut Findings) -> Result<Stage, Finding> {
    let own = (api.kind == SERVERLESS_WEBSOCKET_API).then_some(api);
    let resources: Vec<_> = own.into_iter().chain(stack.of_api(STAGE, &stack.id_of(api)?)?).collect();
    if resources.is_empty() {
        return Err(no_stage(api));
    }
    let names = resources.iter().map(|resource| name(stack, resource)).collect::<Result<Vec<_>, _>>()?;
    for ((name, span), resource) in names.iter().zip(&resources) {
        findings.keep(check_name(name, *span));
        if resource.kind == STAGE {
            findings.extend(stack.properties(resource).unknown(&PROPERTIES));
        }
    }
    let owner = format!("the API `{}`", api.id);
    let choice = Choice { owner: &owner, what: "stage", flag: "--stage", candidates: &names };
    let index = choice.take(stack.options.stage.as_deref())?;
    Ok(Stage { name: names[index].0.clone(), variables: variables(&stack.properties(resources[index]))? })
}

fn no_stage(api: &Resource) -> Finding {
    let id = &api.id;
    let message = format!("the API `{id}` has no {STAGE}");
    Finding::at(api.span, message).breaks(rules::MISSING_STAGE).mend(
        "add a stage to `Resources`",
        format!(
            "  {id}Stage:\n    Type: {STAGE}\n    Properties:\n      ApiId: !Ref {id}\n      StageName: prod\n      AutoDeploy: true\n"
        ),
    )
}

/// The stage's name and its place. SAM's default name is `default`.
pub(super) fn name(stack: &Stack, resource: &Resource) -> Result<(String, SourceSpan), Finding> {
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
        let finding = Finding::at(span, "a WebSocket API can't have the stage `$default`").breaks(rules::DEFAULT_STAGE);
        return Err(finding.help("write for example `prod`"));
    }
    if name.is_empty() || !name.chars().all(allowed) {
        let finding = Finding::at(span, format!("`{name}` is not a valid stage name")).breaks(rules::STAGE_NAME);
        return Err(finding.help("use letters, digits, `-` and `_`"));
    }
    Ok(())
}

fn variables(properties: &Properties<'_>) -> Result<BTreeMap<String, String>, Finding> {
    properties.optional("StageVariables")?.map_or_else(|| Ok(BTreeMap::new()), |node| node.texts("`StageVariables`"))
}
