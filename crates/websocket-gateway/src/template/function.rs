//! `AWS::Serverless::Function`.

use std::collections::BTreeMap;
use std::time::Duration;

use super::error::Finding;
use super::properties::Properties;
use super::stack::{Resource, Stack};
use crate::api::{Function, limits};

/// The runtimes of functions that are programs of their own, as Rust's are.
const RUNTIMES: [&str; 2] = ["provided.al2023", "provided.al2"];

const BUILD_METHOD: &str = "rust-cargolambda";

/// In seconds. Source: AWS Lambda developer guide, "Configure Lambda function timeout".
const LONGEST_TIMEOUT: u64 = 900;

/// In MiB. Source: AWS Lambda developer guide, "Configure Lambda function memory".
const MOST_MEMORY: u32 = 10_240;

pub(super) fn read(stack: &Stack, resource: &Resource, warnings: &mut Vec<Finding>) -> Result<Function, Finding> {
    let properties = stack.properties(resource);
    check_runtime(&properties)?;
    Ok(Function {
        logical_id: resource.id.clone(),
        name: stack.id_of(resource)?,
        code_uri: stack.directory.join(code_uri(&properties)?),
        binary: binary(&stack.metadata(resource), warnings)?,
        environment: environment(&properties, warnings)?,
        timeout: match properties.optional("Timeout")? {
            Some(node) => Duration::from_secs(node.integer("`Timeout`, in seconds,", 1..=LONGEST_TIMEOUT)?),
            None => limits::FUNCTION_TIMEOUT,
        },
        memory_size: match properties.optional("MemorySize")? {
            Some(node) => node.integer("`MemorySize`, in MB,", limits::FUNCTION_MEMORY..=MOST_MEMORY)?,
            None => limits::FUNCTION_MEMORY,
        },
    })
}

fn check_runtime(properties: &Properties<'_>) -> Result<(), Finding> {
    let node = properties.required("Runtime")?;
    let runtime = node.text("`Runtime`")?;
    if RUNTIMES.contains(&runtime.as_str()) {
        return Ok(());
    }
    Err(Finding::at(node.span, format!("the gateway can't run functions with the runtime `{runtime}`"))
        .help(format!("it builds and runs Rust, whose runtime is `{}`", RUNTIMES[0])))
}

fn code_uri(properties: &Properties<'_>) -> Result<String, Finding> {
    let node = properties.required("CodeUri")?;
    let uri = node.text("`CodeUri`").unwrap_or_default();
    if uri.is_empty() || uri.starts_with("s3:") {
        return Err(Finding::at(
            node.span,
            "`CodeUri` must be the directory of a crate, so that the gateway can build it",
        )
        .help("write its path from the template's directory, for example `crates/routes`"));
    }
    Ok(uri)
}

fn binary(metadata: &Properties<'_>, warnings: &mut Vec<Finding>) -> Result<Option<String>, Finding> {
    if let Some(node) = metadata.optional("BuildMethod")?
        && node.text("`BuildMethod`")? != BUILD_METHOD
    {
        warnings.push(
            Finding::at(node.span, "the gateway builds with cargo, whatever `BuildMethod` says")
                .help(format!("for the same from `sam build`, write `BuildMethod: {BUILD_METHOD}`")),
        );
    }
    let Some(build) = metadata.optional("BuildProperties")? else { return Ok(None) };
    build.map("`BuildProperties`")?.get("Binary").map(|node| node.text("`Binary`")).transpose()
}

fn environment(properties: &Properties<'_>, warnings: &mut Vec<Finding>) -> Result<BTreeMap<String, String>, Finding> {
    let Some(node) = properties.optional("Environment")? else { return Ok(BTreeMap::new()) };
    let Some(node) = node.map("`Environment`")?.get("Variables") else { return Ok(BTreeMap::new()) };
    let variables = node.texts("`Variables`")?;
    for (name, _) in variables.iter().filter(|(_, value)| value.contains("{{resolve:")) {
        let message = format!("`{name}` has a dynamic reference, which only CloudFormation resolves");
        warnings.push(Finding::at(node.span, message).help("the function gets it as it stands"));
    }
    Ok(variables)
}
