//! `AWS::Serverless::Function` and `AWS::Lambda::Function`: name, environment, timeout, memory and concurrency.

use std::collections::BTreeMap;
use std::time::Duration;

use super::check::rules;
use super::code;
use super::error::{Finding, Severity};
use super::findings::Findings;
use super::properties::Properties;
use super::roles;
use super::stack::{Resource, Stack};
use crate::api::{Code, Function, limits};

/// Properties for parts of a function's environment that do not exist here. The last is only ignored for Rust functions.
const UNSUPPORTED: [&str; 2] = ["FileSystemConfigs", "Layers"];

pub(super) fn read(stack: &Stack, resource: &Resource, findings: &mut Findings) -> Result<Function, Finding> {
    let properties = stack.properties(resource);
    let code = code::read(stack, resource, findings)?;
    let environment = match code {
        Code::Cargo { .. } | Code::Files(_) => {
            let ignored = if matches!(code, Code::Files(_)) { &UNSUPPORTED[..1] } else { &UNSUPPORTED };
            findings.extend(properties.ignored(ignored));
            environment(&properties, findings)?
        }
        // The program that starts the function sets its environment.
        Code::NotHere { .. } => BTreeMap::new(),
    };
    Ok(Function {
        logical_id: resource.id.clone(),
        name: stack.id_of(resource)?,
        arn: stack.attribute_of(resource, "Arn")?,
        defined_at: stack.location(resource.span).to_string(),
        code,
        environment,
        timeout: timeout(&properties)?,
        memory_size: memory_size(&properties)?,
        reserved_concurrency: reserved_concurrency(&properties)?,
        policy: roles::policy(stack, resource, findings)?,
    })
}

/// Adds the functions that serve no route: they, too, can be invoked by hand or by others. Whatever is wrong with one, the API is served. What was
/// wrong with those in `functions` has been told.
pub(super) fn read_others(
    stack: &Stack,
    functions: &mut BTreeMap<String, Option<Function>>,
    findings: &mut Findings,
) -> Result<(), Finding> {
    for resource in stack.functions()? {
        if functions.contains_key(&resource.id) {
            continue;
        }
        let mut own = Findings::default();
        match read(stack, resource, &mut own) {
            Ok(function) => {
                functions.insert(resource.id.clone(), Some(function));
            }
            Err(finding) if finding.rule().is_some() => own.push(finding),
            Err(finding) => own.push(finding.about(&format!("`{}` can't be invoked here", resource.id))),
        }
        let all = own.errors.into_iter().map(|finding| finding.severity(Severity::Warning)).chain(own.remarks);
        findings.extend(all);
    }
    Ok(())
}

fn timeout(properties: &Properties<'_>) -> Result<Duration, Finding> {
    let Some(node) = properties.optional("Timeout")? else { return Ok(limits::FUNCTION_TIMEOUT) };
    let range = 1..=limits::LONGEST_FUNCTION_TIMEOUT.as_secs();
    let seconds = node.integer("`Timeout`, in seconds,", range);
    seconds.map(Duration::from_secs).map_err(|finding| finding.breaks(rules::VALUE_OUT_OF_RANGE))
}

fn memory_size(properties: &Properties<'_>) -> Result<u32, Finding> {
    let Some(node) = properties.optional("MemorySize")? else { return Ok(limits::FUNCTION_MEMORY) };
    let size = node.integer("`MemorySize`, in MB,", limits::FUNCTION_MEMORY..=limits::MOST_FUNCTION_MEMORY);
    size.map_err(|finding| finding.breaks(rules::VALUE_OUT_OF_RANGE))
}

fn reserved_concurrency(properties: &Properties<'_>) -> Result<Option<u32>, Finding> {
    let Some(node) = properties.optional("ReservedConcurrentExecutions")? else { return Ok(None) };
    node.integer("`ReservedConcurrentExecutions`", 0..=u32::MAX).map(Some)
}

fn environment(properties: &Properties<'_>, findings: &mut Findings) -> Result<BTreeMap<String, String>, Finding> {
    let Some(node) = properties.optional("Environment")? else { return Ok(BTreeMap::new()) };
    let Some(node) = node.map("`Environment`")?.get("Variables") else { return Ok(BTreeMap::new()) };
    let variables = node.texts("`Variables`")?;
    for (name, _) in variables.iter().filter(|(_, value)| value.contains("{{resolve:")) {
        let message = format!("`{name}` has a dynamic reference, which only CloudFormation resolves");
        findings.push(Finding::at(node.span, message).help("the function gets the reference itself, not its value"));
    }
    Ok(variables)
}
