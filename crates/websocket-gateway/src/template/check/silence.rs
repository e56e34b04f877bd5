//! Rules that the author lets a place break: with a comment, or with the `Metadata` of a resource.
//!
//! `# websocket-gateway: allow missing-permission` counts for its own line, and for the next line that is not a comment. `Metadata:
//! { websocket-gateway: { allow: [missing-permission] } }` counts for the whole resource.

use std::collections::BTreeMap;

use miette::SourceSpan;

use super::super::error::{Finding, LINE_ENDS};
use super::super::node::{Node, Value};
use super::super::stack::Stack;
use super::rules;

const COMMENT: &str = "# websocket-gateway: allow ";

/// What is allowed, and where.
pub(in crate::template) struct Silence {
    /// The rules that may be broken in the line that begins at an offset.
    lines: BTreeMap<usize, Vec<String>>,
    /// The rules that may be broken from one offset to another.
    resources: Vec<(usize, usize, Vec<String>)>,
}

impl Silence {
    /// Reads it, and finds the names that are not those of a rule.
    pub(in crate::template) fn read(text: &str, stack: &Stack) -> (Self, Vec<Finding>) {
        let mut unknown = Vec::new();
        let lines = lines(text, &mut unknown);
        let resources = stack.resources.iter().filter_map(|resource| {
            let allowed = resource.metadata.get("websocket-gateway")?.map("").ok()?.get("allow")?;
            let names = names(allowed, &mut unknown);
            Some((resource.span.offset(), resource.end, names))
        });
        let resources = resources.collect();
        (Self { lines, resources }, unknown)
    }

    pub(in crate::template) fn allows(&self, finding: &Finding) -> bool {
        let (Some(rule), Some(span)) = (finding.rule(), finding.span()) else { return false };
        let is_in = |names: &[String]| names.iter().any(|name| name == rule.id);
        let at = span.offset();
        let line = self.lines.range(..=at).next_back();
        line.is_some_and(|(_, names)| is_in(names))
            || self.resources.iter().any(|(from, to, names)| (*from..*to).contains(&at) && is_in(names))
    }
}

/// What is allowed in each line, also where that is nothing.
fn lines(text: &str, unknown: &mut Vec<Finding>) -> BTreeMap<usize, Vec<String>> {
    let mut lines = BTreeMap::new();
    let (mut offset, mut above) = (0, Vec::new());
    for line in text.split_inclusive(LINE_ENDS) {
        let mut allowed = std::mem::take(&mut above);
        if let Some(at) = line.find(COMMENT) {
            let from = at + COMMENT.len();
            for name in line[from..].split([',', ' ']).map(str::trim).filter(|name| !name.is_empty()) {
                let span = (offset + from, line[from..].trim_end().len()).into();
                allowed.extend(known(name, span, unknown));
            }
        }
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            above.clone_from(&allowed);
        }
        lines.insert(offset, allowed);
        offset += line.len();
    }
    lines
}

fn names(node: &Node, unknown: &mut Vec<Finding>) -> Vec<String> {
    match &node.value {
        Value::List(items) => items.iter().flat_map(|item| names(item, unknown)).collect(),
        _ => node.text("").ok().and_then(|name| known(&name, node.span, unknown)).into_iter().collect(),
    }
}

fn known(name: &str, span: SourceSpan, unknown: &mut Vec<Finding>) -> Option<String> {
    let ids = rules::ALL.iter().map(|rule| rule.id);
    if ids.clone().any(|id| id == name) {
        return Some(name.to_owned());
    }
    let finding = Finding::at(span, format!("`check` has no rule `{name}`")).breaks(rules::UNKNOWN_RULE);
    unknown.push(finding.suggest(name, ids));
    None
}
