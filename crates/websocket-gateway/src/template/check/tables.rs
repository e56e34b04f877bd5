//! Tables that keep connections.

use super::super::error::Finding;
use super::super::findings::Findings;
use super::super::kinds::{GLOBAL_TABLE, SIMPLE_TABLE, TABLE};
use super::super::node::{Node, Value};
use super::super::stack::{Resource, Stack};
use super::rules;

pub(super) fn check(stack: &Stack, findings: &mut Findings) {
    let tables =
        stack.resources.iter().filter(|resource| [TABLE, GLOBAL_TABLE, SIMPLE_TABLE].contains(&resource.kind.as_str()));
    for table in tables.filter(|table| stack.exists(table).unwrap_or_default() && keeps_connections(table)) {
        // A specification that is written may be switched off for a while.
        if table.properties.get("TimeToLiveSpecification").is_none() {
            let message = format!("the table `{}` keeps connections, but has no time to live", table.id);
            findings.push(Finding::at(table.span, message).breaks(rules::TABLE_WITHOUT_TTL).mend(
                "let a row end a little more than two hours after its connection began, and add to the table's properties",
                "      TimeToLiveSpecification: { AttributeName: expiresAt, Enabled: true }\n",
            ));
        }
    }
}

/// Whether a key of the table names connections.
fn keeps_connections(table: &Resource) -> bool {
    ["KeySchema", "PrimaryKey"].iter().filter_map(|name| table.properties.get(name)).any(mentions_connections)
}

fn mentions_connections(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => text.to_ascii_lowercase().contains("connection"),
        Value::List(items) => items.iter().any(mentions_connections),
        Value::Map(map) => map.0.iter().any(|entry| mentions_connections(&entry.value)),
        _ => false,
    }
}
