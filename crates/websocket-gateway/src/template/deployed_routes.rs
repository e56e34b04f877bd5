//! Whether AWS would serve every route. A deployment is a snapshot of the API: a route that is created later is not in it.

use super::error::Finding;
use super::kinds::{DEPLOYMENT, ROUTE};
use super::stack::{Resource, Stack};

/// Returns a warning if on AWS the stage might serve fewer routes than the gateway does.
pub(super) fn check(stack: &Stack, stage: &Resource, api_id: &str) -> Result<Option<Finding>, Finding> {
    let properties = stack.properties(stage);
    if let Some(node) = properties.optional("AutoDeploy")?
        && node.boolean("`AutoDeploy`")?
    {
        return Ok(None);
    }
    let name = stack.id_of(stage)?;
    let deployment = match properties.optional("DeploymentId")? {
        Some(node) => {
            let id = node.text("`DeploymentId`")?;
            // A deployment that is not in the template exists already. Which routes it has is not known here.
            let known = stack.of_kind(DEPLOYMENT)?.into_iter().find(|resource| resource.id == id);
            let Some(deployment) = known else { return Ok(None) };
            deployment
        }
        None => match deployed_to(stack, api_id, &name)? {
            Some(deployment) => deployment,
            None => return Ok(Some(nothing_deployed(stage))),
        },
    };
    let before = stack.created_before(deployment);
    let routes = stack.of_api(ROUTE, api_id)?.into_iter().map(|route| route.id.as_str());
    let missing: Vec<_> = routes.filter(|id| !before.contains(*id)).collect();
    Ok((!missing.is_empty()).then(|| too_early(deployment, &missing)))
}

/// The deployment that names the stage, for a stage that does not name its deployment.
fn deployed_to<'s>(stack: &'s Stack, api_id: &str, stage: &str) -> Result<Option<&'s Resource>, Finding> {
    for deployment in stack.of_api(DEPLOYMENT, api_id)? {
        let name = stack.properties(deployment).optional("StageName")?;
        if name.is_some_and(|node| node.text("").is_ok_and(|name| name == stage)) {
            return Ok(Some(deployment));
        }
    }
    Ok(None)
}

fn nothing_deployed(stage: &Resource) -> Finding {
    let message = format!("on AWS the stage `{}` would have no routes, because nothing is deployed to it", stage.id);
    Finding::at(stage.span, message).help("add `AutoDeploy: true` to the stage, or a `DeploymentId`")
}

fn too_early(deployment: &Resource, missing: &[&str]) -> Finding {
    let message = format!(
        "the deployment `{}` does not depend on {}: on AWS, messages for a route that is created after the deployment get `Forbidden`",
        deployment.id,
        missing.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
    );
    Finding::at(deployment.span, message).help(format!("add to its `DependsOn`: {}", missing.join(", ")))
}
