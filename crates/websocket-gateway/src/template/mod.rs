//! Reads a SAM or CloudFormation template and says what the gateway is to serve. This is the only place that knows either.
//!
//! A template goes through three forms: its YAML (or JSON) becomes nodes that know their place (`document`, `node`); these become
//! a stack that can work out intrinsics (`stack`, `parameters`, `intrinsics`, `references`, `memo`); from that the types which the
//! gateway serves are read by their `properties`. `websocket_api` reads an API however it is written, with its `stages` and
//! `routes`; `serverless_api` knows what is only SAM's, and `plain_api` with `plain_routes` what is only CloudFormation's own.
//! `authorizers` reads who may connect, in either. `deployment` and `permissions` look for what would be different on AWS, `notes` for
//! what is easily overlooked. `function` with `code`, `roles` with `policies`, and `table` read the rest.

mod authorizers;
mod choice;
mod code;
mod dependencies;
mod deployed_routes;
mod document;
mod error;
mod function;
mod intrinsics;
mod kinds;
mod managed_policies;
mod memo;
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

use std::path::Path;
use std::sync::Arc;

use miette::NamedSource;

use crate::api::Api;

pub use error::{Location, Remark, TemplateError};
pub(crate) use options::Options;

use error::Finding;
use node::Entry;
use stack::Stack;

/// What a template says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The API with its functions and tables.
    pub api: Api,
    /// What is probably not as its author means it, in the order in which it was found.
    pub warnings: Vec<Remark>,
    /// What is right as it is, but easily overlooked.
    pub notes: Vec<Remark>,
}

/// Reads the template at `path`.
///
/// Only what the gateway needs is worked out: an intrinsic function that it doesn't know, or a parameter without a value, is no
/// error where it stands for example in a policy about another service.
///
/// # Errors
/// A file that can't be read or is no YAML, and a template that API Gateway, SAM or this gateway could not serve. What the
/// gateway merely leaves out or does otherwise is a warning.
pub(crate) fn load(path: &Path, options: &Options) -> Result<Loaded, TemplateError> {
    let text = std::fs::read_to_string(path).map_err(|cause| TemplateError::unreadable(path, &cause))?;
    read(path, &text, options)
}

fn read(path: &Path, text: &str, options: &Options) -> Result<Loaded, TemplateError> {
    let text = text.trim_start_matches('\u{feff}');
    let source = Arc::new(NamedSource::new(path.to_string_lossy(), text.to_owned()));
    let remarks = |findings: Vec<Finding>| findings.into_iter().map(|finding| finding.into_remark(&source)).collect();
    document::parse(text)
        .and_then(|root| Stack::read(&root, Arc::clone(&source), path, options))
        .and_then(|stack| {
            let mut warnings = stack.macros.iter().map(not_expanded).collect();
            let api = websocket_api::read(&stack, &mut warnings)?;
            let notes = notes::of(&stack, &api);
            Ok(Loaded { api, warnings: remarks(warnings), notes: remarks(notes) })
        })
        .map_err(|finding| finding.into_error(&source))
}

fn not_expanded(entry: &Entry) -> Finding {
    let message = format!("the gateway does not expand `{}`, so what it would make is missing", entry.key);
    Finding::at(entry.key_span, message).help("write those of its resources out that the gateway needs")
}
