//! Which policies a function's role has: its own, managed policies, and policies that name the role.

use miette::SourceSpan;

use super::error::Finding;
use super::kinds::{CONNECTOR, IAM_POLICY, MANAGED_POLICY, ROLE, ROLE_POLICY, SERVERLESS_FUNCTION};
use super::node::{Node, Value};
use super::policies::Reader;
use super::properties::Properties;
use super::stack::{Resource, Stack};
use crate::iam::Policy;

/// What a function's role allows for `@connections` and the tables. If only AWS knows the role, everything is allowed, with a warning: to deny
/// what AWS allows would only mislead.
pub(super) fn policy(stack: &Stack, function: &Resource, warnings: &mut Vec<Finding>) -> Result<Policy, Finding> {
    let properties = stack.properties(function);
    let mut reader = Reader::new(stack, &function.id, warnings);
    if let Some(span) = connector(stack, function)? {
        reader.unreadable(span, "only AWS turns a connector into a policy");
    }
    match properties.optional("Role") {
        Ok(None) if function.kind == SERVERLESS_FUNCTION => {
            warn_of_boundary(&properties, &mut reader);
            if let Some(policies) = properties.written("Policies") {
                reader.policies_of_sam(policies)?;
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

/// The place of a connector whose source is the function: in the function, or as a resource of its own.
fn connector(stack: &Stack, function: &Resource) -> Result<Option<SourceSpan>, Finding> {
    let is_source = |properties: &Properties<'_>| {
        let source = properties.written("Source").and_then(|source| source.map("").ok()?.get("Id")?.text("").ok());
        source.is_some_and(|id| id == function.id)
    };
    let connectors = stack.of_kind(CONNECTOR)?;
    let connector = connectors.into_iter().find(|connector| is_source(&stack.properties(connector)));
    Ok(function.connectors.or(connector.map(|connector| connector.span)))
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
    reader.warnings.extend(properties.ignored(&["PermissionsBoundary"]));
}
