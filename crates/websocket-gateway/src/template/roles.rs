//! Which policies a function's role has: its own, managed policies, policies that name the role, and those that SAM makes of connectors.

use super::connectors;
use super::error::Finding;
use super::event_sources;
use super::findings::Findings;
use super::kinds::{IAM_POLICY, MANAGED_POLICY, ROLE, ROLE_POLICY, SERVERLESS_FUNCTION};
use super::managed_policies;
use super::node::{Node, Value};
use super::policies::Reader;
use super::properties::Properties;
use super::stack::{Resource, Stack};
use crate::iam::Policy;

/// What a function's role allows for `@connections`, the tables and the queues. If only AWS knows the role, everything is allowed, with a warning: to deny
/// what AWS allows would only mislead.
pub(super) fn policy(stack: &Stack, function: &Resource, findings: &mut Findings) -> Result<Policy, Finding> {
    let properties = stack.properties(function);
    let mut reader = Reader::new(stack, &function.id, findings);
    connected(stack, function, &mut reader)?;
    match properties.optional("Role") {
        Ok(None) if function.kind == SERVERLESS_FUNCTION => {
            warn_of_boundary(&properties, &mut reader);
            if let Some(policies) = properties.written("Policies") {
                reader.policies_of_sam(policies)?;
            }
            if event_sources::events_of(&properties).any(|(kind, _)| kind == event_sources::SQS) {
                reader.add(vec![managed_policies::for_a_poller()]);
            }
            attached(stack, &format!("{}Role", function.id), &mut reader)?;
        }
        Ok(None) => reader.unreadable(function.span, "the function has no `Role`"),
        Ok(Some(node)) => match role_with(stack, &node)? {
            Some(role) => of_role(stack, role, &mut reader)?,
            None => reader.unreadable(node.span, "its role is not in this template"),
        },
        Err(_) => reader.unreadable(properties.span_of("Role"), "its role can't be resolved"),
    }
    Ok(reader.finish())
}

/// Reads the connectors that begin at the function.
fn connected(stack: &Stack, function: &Resource, reader: &mut Reader<'_>) -> Result<(), Finding> {
    for connector in connectors::all(stack)?.iter().filter(|connector| connector.is_from(function)) {
        match connector.statements() {
            Some(statements) => reader.add(statements),
            None => reader.unreadable(connector.span, "only AWS can tell what this connector connects"),
        }
    }
    Ok(())
}

fn role_with<'s>(stack: &'s Stack, arn: &Node) -> Result<Option<&'s Resource>, Finding> {
    let arn = arn.text("`Role`")?;
    let roles = stack.of_kind(ROLE)?;
    Ok(roles.into_iter().find(|role| stack.attribute_of(role, "Arn").is_ok_and(|known| known == arn)))
}

fn of_role(stack: &Stack, role: &Resource, reader: &mut Reader<'_>) -> Result<(), Finding> {
    let properties = stack.properties(role);
    warn_of_boundary(&properties, reader);
    if let Some(policies) = properties.written("Policies") {
        reader.policies_of_role(policies)?;
    }
    if let Some(arns) = properties.written("ManagedPolicyArns") {
        reader.managed(arns)?;
    }
    attached(stack, &stack.id_of(role)?, reader)
}

/// Reads the policies that name the role.
fn attached(stack: &Stack, role: &str, reader: &mut Reader<'_>) -> Result<(), Finding> {
    for (kind, property) in [(IAM_POLICY, "Roles"), (MANAGED_POLICY, "Roles"), (ROLE_POLICY, "RoleName")] {
        for resource in stack.of_kind(kind)? {
            let properties = stack.properties(resource);
            let Some(names) = properties.written(property) else { continue };
            match mentions(stack, names, role) {
                Some(true) => reader.document_of(&properties)?,
                Some(false) => {}
                None => reader.unreadable(names.span, "the roles of this policy can't be resolved"),
            }
        }
    }
    Ok(())
}

/// Whether `name` is among the names, each of which may be an intrinsic function. `None` if it may be a name that can't be resolved.
fn mentions(stack: &Stack, names: &Node, name: &str) -> Option<bool> {
    if let Value::List(items) = &names.value {
        let found: Vec<_> = items.iter().map(|item| mentions(stack, item, name)).collect();
        return if found.contains(&Some(true)) { Some(true) } else { (!found.contains(&None)).then_some(false) };
    }
    match stack.resolve(names).ok()? {
        Some(Node { value: Value::Text(text), .. }) => Some(text == name),
        Some(list @ Node { value: Value::List(_), .. }) => mentions(stack, &list, name),
        _ => Some(false),
    }
}

fn warn_of_boundary(properties: &Properties<'_>, reader: &mut Reader<'_>) {
    reader.findings.extend(properties.ignored(&["PermissionsBoundary"]));
}
