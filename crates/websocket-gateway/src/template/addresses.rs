//! Addresses on AWS in the environment of functions. The gateway puts its own in the place of its API's; what leads elsewhere is a warning.

use std::collections::BTreeSet;

use super::error::Finding;
use super::kinds::{API, DOMAIN_NAME};
use super::stack::{Resource, Stack};
use crate::api::Api;

/// What the host of every API has.
const OF_AN_API: &str = ".execute-api.";

/// The warnings about variables that lead a function to AWS.
pub(super) fn leading_elsewhere(stack: &Stack, api: &Api) -> Result<Vec<Finding>, Finding> {
    let domains = custom_domains(stack)?;
    // That the template's HTTP APIs are not served is another matter: their addresses are made up.
    let mut here = BTreeSet::from([api.host()]);
    for resource in stack.of_kind(API)? {
        if !stack.is_websocket_api(resource)? {
            here.insert(api.host().replacen(&api.api_id, &stack.id_of(resource)?, 1));
        }
    }
    let mut warnings = Vec::new();
    for resource in stack.functions()? {
        // Functions whose environment is not known get it elsewhere.
        if api.functions.get(&resource.id).is_some_and(|function| !function.environment.is_empty()) {
            warnings.extend(of_function(stack, resource, &here, &domains)?);
        }
    }
    Ok(warnings)
}

fn of_function(
    stack: &Stack,
    function: &Resource,
    here: &BTreeSet<String>,
    domains: &BTreeSet<String>,
) -> Result<Vec<Finding>, Finding> {
    let Some(environment) = stack.properties(function).optional("Environment")? else { return Ok(Vec::new()) };
    let Some(variables) = environment.map("`Environment`")?.get("Variables") else { return Ok(Vec::new()) };
    let mut warnings = Vec::new();
    for entry in &variables.map("`Variables`")?.0 {
        let value = entry.value.text(&format!("`{}`", entry.key))?.to_ascii_lowercase();
        let elsewhere = hosts(&value).find_map(|host| match host {
            host if here.contains(host) => None,
            host if host.contains(OF_AN_API) => Some(format!("another API on AWS, {host}")),
            host => domains.contains(host).then(|| format!("the custom domain {host}")),
        });
        if let Some(elsewhere) = elsewhere {
            let message = format!(
                "`{}` of `{}` names {elsewhere}, so what the function sends there does not reach the gateway",
                entry.key, function.id
            );
            warnings.push(Finding::at(entry.key_span, message).help(
                "make the value a parameter, and give it the gateway's address with --parameter, or build it from the API: \
                 `!Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${Stage}`",
            ));
        }
    }
    Ok(warnings)
}

/// The names of the template's own domains, in lower case.
fn custom_domains(stack: &Stack) -> Result<BTreeSet<String>, Finding> {
    let names = stack.of_kind(DOMAIN_NAME)?.into_iter().filter_map(|domain| {
        // A name that only AWS knows can't be in a variable either.
        let name = stack.properties(domain).optional("DomainName").ok()??;
        Some(name.text("").ok()?.to_ascii_lowercase())
    });
    Ok(names.collect())
}

/// What may be a host in a text.
fn hosts(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '.' | '-' | '_')).filter(|word| word.contains('.'))
}
