//! What a value depends on: the resources, parameters and conditions that it refers to by name.

use std::collections::BTreeSet;

use super::node::{Node, Value};
use super::stack::{Resource, Stack};

impl Stack {
    /// The logical ids of the resources that CloudFormation creates before `resource`: those that it depends on or refers to, and those
    /// that they depend on or refer to in turn. Both branches of an `!If` count.
    pub(super) fn created_before(&self, resource: &Resource) -> BTreeSet<String> {
        let mut before = BTreeSet::new();
        let mut open = vec![resource];
        while let Some(resource) = open.pop() {
            let mut names = Vec::new();
            let values = resource.properties.0.iter().map(|entry| &entry.value);
            values.for_each(|node| references_in(node, &mut names));
            names.extend(self.depends_on(resource));
            for id in names {
                if let Some(found) = self.resources.iter().find(|resource| resource.id == id)
                    && before.insert(id)
                {
                    open.push(found);
                }
            }
        }
        before
    }

    /// The logical ids in a resource's `DependsOn`.
    pub(super) fn depends_on(&self, resource: &Resource) -> Vec<String> {
        let mut names = Vec::new();
        resource.depends_on.iter().for_each(|node| texts(node, &mut names));
        names
    }

    /// The parameters that the condition `name` refers to, directly or through other conditions.
    pub(super) fn parameters_of(&self, name: &str) -> BTreeSet<String> {
        let mut found = Vec::new();
        let mut seen = BTreeSet::new();
        let mut open = vec![name.to_owned()];
        while let Some(name) = open.pop() {
            if let Some(node) = self.conditions.get(&name)
                && seen.insert(name)
            {
                references_in(node, &mut found);
                conditions_in(node, &mut open);
            }
        }
        found.into_iter().filter(|name| self.parameters.names().any(|known| known == name)).collect()
    }
}

/// Adds the logical id or parameter of every `!Ref`, `!GetAtt` and `!Sub` inside `node`.
pub(super) fn references_in(node: &Node, names: &mut Vec<String>) {
    add_references(node, true, names);
}

/// The same, without what is inside an `!If`, of which only one branch counts.
pub(super) fn certain_references_in(node: &Node, names: &mut Vec<String>) {
    add_references(node, false, names);
}

fn add_references(node: &Node, with_branches: bool, names: &mut Vec<String>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| add_references(item, with_branches, names)),
        Value::Map(map) => map.0.iter().for_each(|entry| add_references(&entry.value, with_branches, names)),
        Value::Call(call) if call.function == "If" && !with_branches => {}
        Value::Call(call) => {
            match (call.function.as_str(), &call.argument.value) {
                ("Ref", Value::Text(name)) => names.push(name.clone()),
                ("GetAtt", Value::Text(text)) => names.extend(text.split('.').next().map(str::to_owned)),
                ("GetAtt", Value::List(parts)) => parts.iter().take(1).for_each(|part| texts(part, names)),
                ("Sub", Value::Text(text)) => names.extend(variables(text)),
                ("Sub", Value::List(parts)) => {
                    let template = parts.first().and_then(|node| node.text("").ok()).unwrap_or_default();
                    let own = parts.get(1).and_then(|node| node.map("").ok());
                    let is_own = |name: &String| own.is_some_and(|own| own.get(name).is_some());
                    names.extend(variables(&template).filter(|name| !is_own(name)));
                }
                _ => {}
            }
            add_references(&call.argument, with_branches, names);
        }
        _ => {}
    }
}

/// Adds the name of every condition inside `node`, whether it is written `!Condition Name` or `Condition: Name`.
fn conditions_in(node: &Node, names: &mut Vec<String>) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| conditions_in(item, names)),
        Value::Map(map) => names.extend(map.get("Condition").and_then(|node| node.text("").ok())),
        Value::Call(call) if call.function == "Condition" => names.extend(call.argument.text("")),
        Value::Call(call) => conditions_in(&call.argument, names),
        _ => {}
    }
}

/// The names of the variables in the text of a `!Sub`, without their attributes.
fn variables(template: &str) -> impl Iterator<Item = String> {
    let names = template.split("${").skip(1).filter_map(|rest| rest.split(['.', '}']).next());
    names.map(|name| name.trim().to_owned())
}

/// Adds a text, or every text of a list.
fn texts(node: &Node, found: &mut Vec<String>) {
    match &node.value {
        Value::Text(text) => found.push(text.clone()),
        Value::List(items) => items.iter().for_each(|item| texts(item, found)),
        _ => {}
    }
}
