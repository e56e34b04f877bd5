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
//! - `options`: what the template does not say: parameters, account, and which API and stage to serve
//!
//! The template as a stack:
//! - `stack`: the sections, the resources and their conditions
//! - `kinds`: the names of the resource types that the gateway knows
//! - `parameters`: the values of parameters
//! - `intrinsics`: `!Sub`, `!If`, `!Join`, … and conditions
//! - `names`: the stack's name, and the names of functions, tables and roles
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
//! Functions and tables:
//! - `function`: a function's name, environment, timeout and memory
//! - `code`: what a function is built from, and whether the gateway can build it
//! - `roles`: which policies a function's role has
//! - `connectors`: SAM's connectors, which stand for permissions
//! - `policies`: the statements of these policies
//! - `policy_templates`: SAM's policy templates
//! - `managed_policies`: AWS's managed policies
//! - `table`: a DynamoDB table as a `CreateTable` request
//!
//! What users should know before they deploy:
//! - `permissions`: whether API Gateway may invoke a function
//! - `deployed_routes`: whether a deployment has every route
//! - `addresses`: variables that lead a function to AWS
//! - `beside`: what does not run here: other APIs, what else invokes functions, nested stacks
//! - `notes`: what is correct, but easily overlooked

mod addresses;
mod authorizers;
mod beside;
mod choice;
mod code;
mod connectors;
mod dependencies;
mod deployed_routes;
mod document;
mod error;
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
mod permissions;
mod plain_api;
mod plain_routes;
mod policies;
mod policy_templates;
mod properties;
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

pub use error::{Location, Remark, TemplateError};
pub(crate) use options::Options;

use error::Finding;
use node::Entry;
use stack::Stack;

/// A template that has been read.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The API, with its functions and tables.
    pub api: Api,
    /// What the gateway leaves out, and what is probably a mistake, in the order in which it was found.
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
    let text = std::fs::read_to_string(path).map_err(|cause| TemplateError::unreadable(path, &cause))?;
    read(path, &text, options)
}

pub(crate) fn read(path: &Path, text: &str, options: &Options) -> Result<Loaded, TemplateError> {
    let text = text.trim_start_matches('\u{feff}');
    let source = Arc::new(NamedSource::new(path.to_string_lossy(), text.to_owned()));
    let remarks = |findings: Vec<Finding>| findings.into_iter().map(|finding| finding.into_remark(&source)).collect();
    document::parse(text)
        .and_then(|(root, mut warnings)| {
            let stack = Stack::read(&root, Arc::clone(&source), path, options)?;
            warnings.extend(stack.macros.iter().map(not_expanded));
            let api = websocket_api::read(&stack, &mut warnings)?;
            warnings.extend(addresses::leading_elsewhere(&stack, &api)?);
            warnings.extend(beside::check(&stack)?);
            let notes = notes::of(&stack, &api);
            Ok(Loaded { api, warnings: remarks(warnings), notes: remarks(notes) })
        })
        .map_err(|finding| finding.into_error(&source))
}

fn not_expanded(entry: &Entry) -> Finding {
    let message =
        format!("the gateway does not expand `{}`, so the resources that it generates are missing", entry.key);
    Finding::at(entry.key_span, message).help("write out the resources that the gateway needs")
}
