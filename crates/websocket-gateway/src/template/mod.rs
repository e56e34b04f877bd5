//! Reads a SAM or CloudFormation template into the gateway's model of an API. No other room knows CloudFormation or SAM.
//!
//! The YAML (or JSON) of a template becomes nodes that know their place in the file. The nodes become a stack, which resolves intrinsic
//! functions when a value is asked for. The readers below then take from the stack what the gateway serves. They understand two dialects:
//! SAM's resources and CloudFormation's own.
//!
//! The template as text and tree:
//! - `yaml`: the YAML library's documents, and the keys that a map has twice
//! - `document`: from YAML or JSON to nodes
//! - `node`: values with their place in the file; what a value must be, such as a list or a number
//! - `error`: errors, warnings and notes, with their place and a suggestion
//! - `findings`: all of them, so that a mistake does not hide the next
//! - `options`: what the template does not say: parameters, account, and which API and stage to serve
//!
//! The template as a stack:
//! - `stack`: the sections, the resources and their conditions
//! - `kinds`: the names of the resource types that the gateway knows
//! - `parameters`: the values of parameters
//! - `intrinsics`: `!Sub`, `!If`, `!Join`, … and conditions
//! - `names`: the stack's name, and the names of functions, tables, queues and roles
//! - `references`: what `!Ref` and `!GetAtt` return: the local names, ids and ARNs of resources
//! - `memo`: values that are resolved once, and references in a circle
//! - `properties`: a resource's properties by name; missing, unknown and ignored properties
//! - `dependencies`: which resources, parameters and conditions a value refers to
//!
//! The API:
//! - `websocket_api`: an API in either dialect, with everything that belongs to it
//! - `choice`: which API and which stage to serve, if there are several
//! - `serverless_api`: what is special to SAM's `AWS::Serverless::WebSocketApi`
//! - `plain_api`, `plain_routes`: what is special to CloudFormation's own resources
//! - `mock`: mock integrations that decide nothing
//! - `stages`: the stage and its variables
//! - `routes`: what routes have in common: function, timeout, RouteResponse
//! - `authorizers`: the authorizer of `$connect`, in either dialect
//!
//! Functions, tables and queues:
//! - `function`: a function's name, environment, timeout and memory
//! - `code`: what a function is built from, and whether the gateway can build it
//! - `roles`: which policies a function's role has
//! - `connectors`: SAM's connectors, which stand for permissions
//! - `policies`: the statements of these policies
//! - `policy_templates`: SAM's policy templates
//! - `managed_policies`: AWS's managed policies
//! - `table`: a DynamoDB table as a `CreateTable` request
//! - `queues`: standard queues of SQS, and their dead-letter queues
//! - `event_sources`: the functions that are invoked with a queue's messages
//!
//! What users should know before they deploy:
//! - `check`: the rules of AWS that a template can break
//! - `addresses`: variables that lead a function to AWS
//! - `beside`: what does not run here: other APIs, what else invokes functions, nested stacks
//! - `notes`: what is correct, but easily overlooked

mod addresses;
mod authorizers;
mod beside;
mod check;
mod choice;
mod code;
mod connectors;
mod dependencies;
mod document;
mod error;
mod event_sources;
mod findings;
mod function;
mod intrinsics;
mod kinds;
mod managed_policies;
mod memo;
mod mock;
mod names;
mod node;
mod notes;
mod options;
mod parameters;
mod plain_api;
mod plain_routes;
mod policies;
mod policy_templates;
mod properties;
mod queues;
mod references;
mod roles;
mod routes;
mod serverless_api;
mod stack;
mod stages;
mod table;
#[cfg(test)]
mod tests;
mod websocket_api;
mod yaml;

use std::path::Path;
use std::sync::Arc;

use miette::NamedSource;

use crate::api::Api;

pub use error::{Location, Remark, Severity, TemplateError};
pub(crate) use options::Options;

use check::silence::Silence;
use error::Finding;
use findings::Findings;
use node::Entry;
use stack::Stack;

/// A template that has been read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The API, with its functions, tables and queues.
    pub api: Api,
    /// What the gateway leaves out, and what does not work on AWS.
    pub warnings: Vec<Remark>,
    /// What is correct, but easily overlooked.
    pub notes: Vec<Remark>,
}

/// Reads the template at `path`.
///
/// Resolves only the values that the gateway needs. So an intrinsic function that it does not know, or a parameter without a value, is
/// not an error in a policy for another service, for example.
///
/// # Errors
/// If the file can't be read or is not valid YAML, or if API Gateway, SAM or this gateway could not serve the template. What the gateway
/// leaves out or does differently from AWS is only a warning.
pub(crate) fn load(path: &Path, options: &Options) -> Result<Loaded, TemplateError> {
    read(path, &text_of(path)?, options)
}

pub(crate) fn read(path: &Path, text: &str, options: &Options) -> Result<Loaded, TemplateError> {
    let (text, source) = source(path, text);
    let mut findings = Findings::default();
    let stack = stack(path, text, &source, options, &mut findings);
    let api = findings.keep(stack).and_then(|stack| served(&stack, text, &mut findings));

    let remarks = |findings: Vec<Finding>| findings.into_iter().map(|finding| finding.into_remark(&source));
    if let Some(error) = TemplateError::of(remarks(findings.errors)) {
        return Err(error);
    }
    let (notes, warnings) = remarks(findings.remarks).partition(|remark| remark.severity == Severity::Note);
    match api {
        Some(api) => Ok(Loaded { api, warnings, notes }),
        // An API that can't be read has left an error.
        None => Err(Finding::new("the template can't be read").into_error(&source)),
    }
}

/// The API to serve, with what there is to say about the whole template.
fn served(stack: &Stack, text: &str, findings: &mut Findings) -> Option<Api> {
    findings.extend(stack.macros.iter().map(not_expanded));
    let api = websocket_api::read(stack, findings);
    check::run(stack, findings);
    if let Some(api) = &api {
        for found in [addresses::leading_elsewhere(stack, api), beside::check(stack)] {
            let found = findings.keep(found);
            findings.extend(found.into_iter().flatten());
        }
        findings.extend(notes::of(stack, api));
    }
    // Why the API can't be read is told in any case.
    let (silence, _) = Silence::read(text, stack);
    findings.retain(|finding| !silence.allows(finding) || (api.is_none() && finding.is_error()));
    api
}

/// Checks the template at `path`: what AWS would refuse, or take and then not do, in the order of the file. Parameters without a value have a
/// made-up one, and what only this gateway can't do is left out.
///
/// # Errors
/// If the file can't be read, is not valid YAML, or has no WebSocket API.
pub(crate) fn check(path: &Path, options: &Options) -> Result<Vec<Remark>, TemplateError> {
    check_text(path, &text_of(path)?, options)
}

pub(crate) fn check_text(path: &Path, text: &str, options: &Options) -> Result<Vec<Remark>, TemplateError> {
    let (text, source) = source(path, text);
    let options = Options { assumes_parameters: true, ..options.clone() };
    let found = found(path, text, &source, &options).map_err(|finding| finding.into_error(&source))?;
    Ok(found.into_iter().map(|finding| finding.into_remark(&source)).collect())
}

fn found(
    path: &Path,
    text: &str,
    source: &Arc<NamedSource<String>>,
    options: &Options,
) -> Result<Vec<Finding>, Finding> {
    let mut findings = Findings::default();
    let stack = stack(path, text, source, options, &mut findings)?;
    websocket_api::look_at_all(&stack, &mut findings)?;
    check::run(&stack, &mut findings);
    let (silence, unknown) = Silence::read(text, &stack);
    findings.extend(unknown);
    let mut found: Vec<_> = findings.of_rules().into_iter().filter(|finding| !silence.allows(finding)).collect();
    found.sort_by_key(|finding| finding.span().map(|span| span.offset()));
    Ok(found)
}

fn stack(
    path: &Path,
    text: &str,
    source: &Arc<NamedSource<String>>,
    options: &Options,
    findings: &mut Findings,
) -> Result<Stack, Finding> {
    let root = document::parse(text, findings)?;
    Stack::read(&root, Arc::clone(source), path, options, findings)
}

fn text_of(path: &Path) -> Result<String, TemplateError> {
    std::fs::read_to_string(path).map_err(|cause| TemplateError::unreadable(path, &cause))
}

fn source<'t>(path: &Path, text: &'t str) -> (&'t str, Arc<NamedSource<String>>) {
    let text = text.trim_start_matches('\u{feff}');
    (text, Arc::new(NamedSource::new(path.to_string_lossy(), text.to_owned())))
}

fn not_expanded(entry: &Entry) -> Finding {
    let message =
        format!("the gateway does not expand `{}`, so the resources that it generates are missing", entry.key);
    Finding::at(entry.key_span, message).help("write out the resources that the gateway needs")
}
