//! Notes: what is correct, but easily overlooked.

use super::error::{Finding, Severity};
use super::kinds::AUTHORIZER;
use super::stack::{Resource, Stack};
use crate::api::Api;

/// Returns the notes about an API.
pub(super) fn of(stack: &Stack, api: &Api) -> Vec<Finding> {
    let open = api.authorizer.is_none();
    open.then(|| authorizer_that_is_off(stack, api)).flatten().into_iter().collect()
}

/// The note about an authorizer that a condition switches off, if the API has one: without it, every client may connect.
fn authorizer_that_is_off(stack: &Stack, api: &Api) -> Option<Finding> {
    stack.resources.iter().filter(|resource| resource.kind == AUTHORIZER).find_map(|resource| {
        let condition = condition_that_is_false(stack, resource)?;
        // If the API that it names does not exist either, it does not belong to this API.
        let api_id = stack.properties(resource).optional("ApiId").ok()??;
        (api_id.text("").ok()? == api.api_id).then(|| off(stack, resource, &condition))
    })
}

/// The name of the resource's condition, if that is false.
fn condition_that_is_false(stack: &Stack, resource: &Resource) -> Option<String> {
    let name = resource.condition.as_ref()?.text("").ok()?;
    (!stack.exists(resource).ok()?).then_some(name)
}

fn off(stack: &Stack, authorizer: &Resource, condition: &str) -> Finding {
    let id = &authorizer.id;
    let message =
        format!("every client may connect: the authorizer `{id}` is off because the condition `{condition}` is false");
    let finding = Finding::at(authorizer.span, message).severity(Severity::Note);
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
