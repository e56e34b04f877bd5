//! Functions behind routes: how long they may take.

use super::super::error::Finding;
use super::super::findings::Findings;
use super::super::stack::Stack;
use super::apis::WrittenApi;
use super::rules;
use crate::api::limits;

pub(super) fn check(stack: &Stack, api: &WrittenApi<'_>, findings: &mut Findings) {
    let longest = limits::INTEGRATION_TIMEOUT.as_secs();
    for function in api.routes.iter().filter_map(|route| route.function) {
        let Some((timeout, span)) = stack.properties(function).known("Timeout") else { continue };
        if timeout.parse().is_ok_and(|seconds: u64| seconds > longest) {
            let message = format!("`{}` may take {timeout} seconds, but API Gateway waits {longest}", function.id);
            findings.push(Finding::at(span, message).breaks(rules::FUNCTION_TIMEOUT).help(format!(
                "write `Timeout: {longest}`, or hand the work over to a function that no client waits for"
            )));
        }
    }
}
