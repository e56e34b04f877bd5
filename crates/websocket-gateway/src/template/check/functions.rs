//! Functions behind routes: how long they may take.

use std::collections::{BTreeMap, BTreeSet};

use miette::SourceSpan;

use super::super::error::Finding;
use super::super::findings::Findings;
use super::super::stack::Stack;
use super::apis::WrittenApi;
use super::rules;
use crate::api::limits;

pub(super) fn check(stack: &Stack, api: &WrittenApi<'_>, findings: &mut Findings) {
    let longest = limits::INTEGRATION_TIMEOUT.as_secs();
    // Several functions may have it from the template's `Globals`. Nobody waits for an answer to `$disconnect`.
    let mut slow: BTreeMap<usize, (SourceSpan, String, BTreeSet<String>)> = BTreeMap::new();
    for function in api.routes.iter().filter(|route| route.key != "$disconnect").filter_map(|route| route.function) {
        let Some((timeout, span)) = stack.properties(function).known("Timeout") else { continue };
        if timeout.parse().is_ok_and(|seconds: u64| seconds > longest) {
            let (_, _, functions) = slow.entry(span.offset()).or_insert((span, timeout, BTreeSet::new()));
            functions.insert(format!("`{}`", function.id));
        }
    }
    findings.extend(slow.into_values().map(|(span, timeout, functions)| {
        let functions = functions.into_iter().collect::<Vec<_>>().join(", ");
        let message = format!("{functions} may take {timeout} seconds, but API Gateway waits {longest}");
        Finding::at(span, message)
            .breaks(rules::FUNCTION_TIMEOUT)
            .help(format!("write `Timeout: {longest}`, or hand the work over to a function that no client waits for"))
    }));
}
