//! Reads a SAM template and says what the gateway is to serve. This is the only place that knows CloudFormation and SAM.
//!
//! A template goes through three forms: its YAML becomes nodes that know their place (`document`, `node`); these become a stack
//! that can work out intrinsics (`stack`, `parameters`, `intrinsics`, `references`, `memo`); from that the types which the gateway serves are
//! read by its `properties` (`websocket_api` with `routes`, `function`, `table`).

mod document;
mod error;
mod function;
mod intrinsics;
mod memo;
mod node;
mod parameters;
mod properties;
mod references;
mod routes;
mod stack;
mod table;
#[cfg(test)]
mod tests;
mod websocket_api;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use miette::NamedSource;

use crate::api::Api;

pub use error::{Location, TemplateError, Warning};

use error::Finding;
use stack::{Resource, Stack};

const FUNCTION: &str = "AWS::Serverless::Function";
const HTTP_OR_WEBSOCKET_API: &str = "AWS::ApiGatewayV2::Api";
const ROUTE_RESPONSE: &str = "AWS::ApiGatewayV2::RouteResponse";
const SIMPLE_TABLE: &str = "AWS::Serverless::SimpleTable";
const TABLE: &str = "AWS::DynamoDB::Table";
const WEBSOCKET_API: &str = "AWS::Serverless::WebSocketApi";

/// What a template doesn't say itself.
#[derive(Clone, Debug)]
pub struct Options {
    /// Values for the template's parameters, over their defaults.
    pub parameters: BTreeMap<String, String>,
    /// What `AWS::Region` stands for.
    pub region: String,
    /// What `AWS::AccountId` stands for.
    pub account_id: String,
}

impl Default for Options {
    fn default() -> Self {
        Self { parameters: BTreeMap::new(), region: "us-east-1".to_owned(), account_id: "123456789012".to_owned() }
    }
}

/// What a template says.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The API with its functions and tables.
    pub api: Api,
    /// What its author should know about, in the order in which it was found.
    pub warnings: Vec<Warning>,
}

/// Reads the template at `path`.
///
/// Only what the gateway needs is worked out: an intrinsic function that it doesn't know, or a parameter without a value, is no
/// error where it stands for example in a policy.
///
/// # Errors
/// A file that can't be read or is no YAML, and a template that API Gateway, SAM or this gateway could not serve.
pub fn load(path: &Path, options: &Options) -> Result<Loaded, TemplateError> {
    let text = std::fs::read_to_string(path).map_err(|cause| TemplateError::unreadable(path, &cause))?;
    read(path, &text, options)
}

fn read(path: &Path, text: &str, options: &Options) -> Result<Loaded, TemplateError> {
    let text = text.trim_start_matches('\u{feff}');
    let source = Arc::new(NamedSource::new(path.to_string_lossy(), text.to_owned()));
    let mut warnings = Vec::new();
    let api = document::parse(text)
        .and_then(|root| Stack::read(&root, path, options))
        .and_then(|stack| read_api(&stack, &mut warnings))
        .map_err(|finding| finding.into_error(&source))?;
    Ok(Loaded { api, warnings: warnings.into_iter().map(|finding| finding.into_warning(&source)).collect() })
}

/// Finds the one WebSocket API. A further way to write one gets its type here and a file of its own.
fn read_api(stack: &Stack, warnings: &mut Vec<Finding>) -> Result<Api, Finding> {
    let mut apis = stack.of_kind(WEBSOCKET_API)?;
    for api in stack.of_kind(HTTP_OR_WEBSOCKET_API)? {
        let protocol = stack.properties(api).optional("ProtocolType")?;
        if protocol.is_some_and(|node| node.text("`ProtocolType`").is_ok_and(|protocol| protocol == "WEBSOCKET")) {
            apis.push(api);
        }
    }
    match apis.as_slice() {
        [] => Err(no_api(stack)),
        [api] if api.kind == WEBSOCKET_API => websocket_api::read(stack, api, warnings),
        [api] => Err(Finding::at(api.kind_span, format!("the gateway does not read APIs of type {}", api.kind))
            .help(format!("write the API as one resource with `Type: {WEBSOCKET_API}`; only that is read"))),
        several => Err(two_apis(several)),
    }
}

fn no_api(stack: &Stack) -> Finding {
    let finding =
        Finding::new("the template has no WebSocket API").help(format!("add a resource with `Type: {WEBSOCKET_API}`"));
    match stack.resources.iter().find(|resource| resource.kind.eq_ignore_ascii_case(WEBSOCKET_API)) {
        Some(misspelt) => finding.label(misspelt.kind_span, "this differs from that type in case"),
        None => finding,
    }
}

fn two_apis(apis: &[&Resource]) -> Finding {
    let names: Vec<_> = apis.iter().map(|api| format!("`{}`", api.id)).collect();
    let finding = Finding::new(format!("the template has {} WebSocket APIs: {}", apis.len(), names.join(", ")));
    apis.iter()
        .fold(finding, |finding, api| finding.label(api.span, "one API"))
        .help("the gateway serves one: put the others into templates of their own, or give them a `Condition`")
}
