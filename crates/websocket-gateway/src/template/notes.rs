//! What is right as it is, but easily overlooked.

use super::error::Finding;
use super::kinds::AUTHORIZER;
use super::stack::{Resource, Stack};
use crate::api::Api;

/// Notes about an API that has been read.
pub(super) fn of(stack: &Stack, api: &Api) -> Vec<Finding> {
    let open = api.authorizer.is_none();
    open.then(|| authorizer_that_is_off(stack, api)).flatten().into_iter().collect()
}

/// The authorizer that a condition leaves out, if the API has one: every client may connect without it.
fn authorizer_that_is_off(stack: &Stack, api: &Api) -> Option<Finding> {
    stack.resources.iter().filter(|resource| resource.kind == AUTHORIZER).find_map(|resource| {
        let condition = condition_that_is_false(stack, resource)?;
        // What it says of its API may itself be missing. Then it belongs to another.
        let api_id = stack.properties(resource).optional("ApiId").ok()??;
        (api_id.text("").ok()? == api.api_id).then(|| off(stack, resource, &condition))
    })
}

fn condition_that_is_false(stack: &Stack, resource: &Resource) -> Option<String> {
    let name = resource.condition.as_ref()?.text("").ok()?;
    (!stack.exists(resource).ok()?).then_some(name)
}

fn off(stack: &Stack, authorizer: &Resource, condition: &str) -> Finding {
    let id = &authorizer.id;
    let message =
        format!("every client may connect: the authorizer `{id}` is off because the condition `{condition}` is false");
    let finding = Finding::at(authorizer.span, message);
    let parameters: Vec<_> = stack.parameters_of(condition).into_iter().collect();
    match parameters.as_slice() {
        [] => finding,
        [parameter] => finding.help(format!("to switch it on, start with --parameter {parameter}=VALUE")),
        several => finding.help(format!(
            "the condition depends on the parameters {}, which --parameter NAME=VALUE sets",
            several.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        )),
    }
}
