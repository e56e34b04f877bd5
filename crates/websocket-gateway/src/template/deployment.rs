//! What AWS would serve on a stage: the routes that were there when its deployment was made.

use std::collections::BTreeSet;

use super::error::Finding;
use super::kinds::{DEPLOYMENT, ROUTE};
use super::node::{Node, Value};
use super::stack::{Resource, Stack};

/// A warning if on AWS the stage may serve less than the gateway does.
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
            // Any other was made before, or elsewhere.
            let known = stack.of_kind(DEPLOYMENT)?.into_iter().find(|resource| resource.id == id);
            let Some(deployment) = known else { return Ok(None) };
            deployment
        }
        None => match deployed_to(stack, api_id, &name)? {
            Some(deployment) => deployment,
            None => return Ok(Some(nothing_deployed(stage))),
        },
    };
    let before = stack.made_before(deployment);
    let routes = stack.of_api(ROUTE, api_id)?.into_iter().map(|route| route.id.as_str());
    let missing: Vec<_> = routes.filter(|id| !before.contains(*id)).collect();
    Ok((!missing.is_empty()).then(|| too_early(deployment, &missing)))
}

/// The deployment that names the stage, where the stage does not name the deployment.
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
    let message = format!("on AWS the stage `{}` serves nothing, because nothing is deployed to it", stage.id);
    Finding::at(stage.span, message).help("add `AutoDeploy: true`, or a `DeploymentId`")
}

fn too_early(deployment: &Resource, missing: &[&str]) -> Finding {
    let message = format!(
        "`{}` does not wait for {}: on AWS it may be made without, and such a route is then `Forbidden`",
        deployment.id,
        missing.iter().map(|id| format!("`{id}`")).collect::<Vec<_>>().join(", ")
    );
    Finding::at(deployment.span, message).help(format!("add to its `DependsOn`: {}", missing.join(", ")))
}

impl Stack {
    /// The logical ids of what CloudFormation makes before `resource`: what it depends on or refers to, and what that does. What
    /// either side of an `!If` refers to counts.
    fn made_before<'s>(&'s self, resource: &'s Resource) -> BTreeSet<String> {
        let mut before = BTreeSet::new();
        let mut open = vec![resource];
        while let Some(resource) = open.pop() {
            let mut mentioned = Vec::new();
            let values = resource.properties.0.iter().map(|entry| &entry.value);
            values.for_each(|node| referred(node, &mut mentioned));
            if let Some(node) = &resource.depends_on {
                texts(node, &mut mentioned);
            }
            for id in mentioned {
                if let Some(found) = self.resources.iter().find(|resource| resource.id == id)
                    && before.insert(id)
                {
                    open.push(found);
                }
            }
        }
        before
    }
}

/// Every name that something in `node` refers to.
pub(super) fn referred(node: &Node, ids: &mut Vec<String>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| referred(item, ids)),
        Value::Map(map) => map.0.iter().for_each(|entry| referred(&entry.value, ids)),
        Value::Call(call) => {
            match (call.function.as_str(), &call.argument.value) {
                ("Ref", Value::Text(name)) => ids.push(name.clone()),
                ("GetAtt", Value::Text(text)) => ids.extend(text.split('.').next().map(str::to_owned)),
                ("GetAtt", Value::List(parts)) => parts.iter().take(1).for_each(|part| texts(part, ids)),
                ("Sub", Value::Text(text)) => ids.extend(variables(text)),
                ("Sub", Value::List(parts)) => {
                    let template = parts.first().and_then(|node| node.text("").ok()).unwrap_or_default();
                    ids.extend(variables(&template));
                }
                _ => {}
            }
            referred(&call.argument, ids);
        }
        _ => {}
    }
}

fn variables(template: &str) -> impl Iterator<Item = String> {
    let names = template.split("${").skip(1).filter_map(|rest| rest.split(['.', '}']).next());
    names.map(|name| name.trim().to_owned())
}

/// One or several.
fn texts(node: &Node, found: &mut Vec<String>) {
    match &node.value {
        Value::Text(text) => found.push(text.clone()),
        Value::List(items) => items.iter().for_each(|item| texts(item, found)),
        _ => {}
    }
}
