//! Deployments. Each is a snapshot of the API: what is made later is not in it. SAM's own stages deploy themselves.

use super::super::error::Finding;
use super::super::findings::Findings;
use super::super::kinds::STAGE;
use super::super::properties::Properties;
use super::super::stack::{Resource, Stack};
use super::apis::WrittenApi;
use super::rules::{self, Rule};

pub(super) fn check(stack: &Stack, api: &WrittenApi<'_>, findings: &mut Findings) {
    for stage in api.stages.iter().filter(|stage| stage.resource.kind == STAGE) {
        let properties = stack.properties(stage.resource);
        if deploys_itself(&properties) {
            continue;
        }
        let deployment = match properties.written("DeploymentId") {
            // A deployment that is not in the template exists already. What is in it is not known here.
            Some(_) => {
                let id = properties.known("DeploymentId");
                api.deployments.iter().find(|known| id.as_ref().is_some_and(|(id, _)| *id == known.id))
            }
            None => {
                let deployed_to = |known: &&&Resource| {
                    stack.properties(known).known("StageName").is_some_and(|(name, _)| name == stage.name)
                };
                let found = api.deployments.iter().find(deployed_to);
                if found.is_none() {
                    findings.push(nothing_deployed(stage.resource));
                }
                found
            }
        };
        if let Some(deployment) = deployment {
            check_order(stack, api, deployment, findings);
            findings.extend(stale(stack, deployment));
        }
    }
}

/// Whether the stage deploys itself after each change. If that can't be told, it does.
fn deploys_itself(stage: &Properties<'_>) -> bool {
    match stage.optional("AutoDeploy") {
        Ok(Some(node)) => node.boolean("").unwrap_or(true),
        Ok(None) => false,
        Err(_) => true,
    }
}

fn nothing_deployed(stage: &Resource) -> Finding {
    let message = format!("nothing is deployed to the stage `{}`", stage.id);
    Finding::at(stage.span, message)
        .breaks(rules::STAGE_WITHOUT_DEPLOYMENT)
        .mend("add it to the stage's properties", "      AutoDeploy: true\n")
}

/// CloudFormation makes what a resource depends on before the resource itself, and everything else in any order.
fn check_order(stack: &Stack, api: &WrittenApi<'_>, deployment: &Resource, findings: &mut Findings) {
    let before = stack.created_before(deployment);
    let late = |id: &str| !before.contains(id);
    let routes = api.routes.iter().filter_map(|route| route.resource).map(|route| route.id.as_str());
    let routes: Vec<_> = routes.filter(|id| late(id)).collect();
    let responses: Vec<_> = api.responses.iter().map(|response| response.id.as_str()).filter(|id| late(id)).collect();
    let missing = [&routes[..], &responses[..]].concat();
    let written = stack.depends_on(deployment);
    let mend = || {
        let all: Vec<_> = written.iter().map(String::as_str).chain(missing.iter().copied()).collect();
        format!("    DependsOn: [{}]\n", all.join(", "))
    };
    let mut push = |rule: &'static Rule, late: &[&str]| {
        let late: Vec<_> = late.iter().map(|id| format!("`{id}`")).collect();
        let message = format!("the deployment `{}` does not depend on {}", deployment.id, late.join(", "));
        findings.push(Finding::at(deployment.span, message).breaks(rule).mend("let it depend on them", mend()));
    };
    if !routes.is_empty() {
        push(rules::DEPLOYMENT_BEFORE_ROUTE, &routes);
    }
    // A deployment that is before a route is before its response, too.
    if routes.is_empty() && !responses.is_empty() {
        push(rules::DEPLOYMENT_BEFORE_RESPONSE, &responses);
    }
}

/// A program that writes templates gives each deployment another logical id, of which a part is random or a hash.
fn stale(stack: &Stack, deployment: &Resource) -> Option<Finding> {
    if stack.is_json {
        return None;
    }
    let message = format!("the deployment `{}` is made once and not again", deployment.id);
    Some(Finding::at(deployment.span, message).breaks(rules::STALE_DEPLOYMENT).mend(
        "let the stage deploy itself, without a deployment; otherwise rename the deployment for each change",
        "      AutoDeploy: true\n",
    ))
}
