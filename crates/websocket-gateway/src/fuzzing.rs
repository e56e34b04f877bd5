//! Doors to the private rooms for the fuzz targets in `tests/fuzz`. They exist only under `cargo fuzz`, and each leads to a single reader.

use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, Method};
use serde_json::{Map, Value};

use crate::api::{Api, InvalidExpression, RouteSelectionExpression};
use crate::faults::Fault;
use crate::iam::{self, Decision, Policy, Statement};
use crate::service::{authorizer, integration};
use crate::template::{self, Loaded, Remark, TemplateError};

pub use crate::doors::fuzzing::{Path as DoorPath, door_path};
pub use crate::guard::fuzzing::{Request, admit, admit_to_console, identify, sign};
pub use crate::lambda::fuzzing::{PlayedFunction, function_error, remote_answer, runtime_call, schedule};

/// Reads the text of a template.
///
/// # Errors
/// If the gateway can't serve it.
pub fn template(text: &str) -> Result<Loaded, TemplateError> {
    template::read(Path::new("template.yaml"), text, &template::Options::default())
}

/// Applies the rules of `check` to the text of a template.
///
/// # Errors
/// If it is not a template with a WebSocket API.
pub fn check(text: &str) -> Result<Vec<Remark>, TemplateError> {
    template::check_text(Path::new("template.yaml"), text, &template::Options::default())
}

/// The route key that a route selection expression finds in a message.
///
/// # Errors
/// If it is not an expression.
pub fn route_key(expression: &str, message: &str) -> Result<Option<String>, InvalidExpression> {
    let read = RouteSelectionExpression::parse(expression)?;
    assert_eq!(RouteSelectionExpression::parse(expression).as_ref(), Ok(&read), "it is read the same way again");
    Ok(read.evaluate(message))
}

/// What a policy decides. `None` means that no statement applies, otherwise whether it allows the action.
///
/// # Errors
/// Why one of its statements can't be evaluated.
pub fn decide(statements: &[Value], action: &str, resource: &str) -> Result<Option<bool>, String> {
    let statements = statements.iter().map(Statement::read).collect::<Result<_, _>>();
    let statements = statements.map_err(|error| error.to_string())?;
    Ok(plain(Policy { statements }.decide(action, resource)))
}

/// What the policies of a template's function decide.
pub fn decide_of(api: &Api, function: &str, action: &str, resource: &str) -> Option<bool> {
    api.functions.get(function).and_then(|function| plain(function.policy.decide(action, resource)))
}

fn plain(decision: Decision) -> Option<bool> {
    match decision {
        Decision::Allowed => Some(true),
        Decision::ExplicitlyDenied => Some(false),
        Decision::ImplicitlyDenied => None,
    }
}

/// Whether a pattern of a policy matches a text.
pub fn matches(pattern: &str, text: &str) -> bool {
    iam::matches(pattern, text)
}

/// The status of a function's answer, its subprotocol and its body.
///
/// # Errors
/// Why API Gateway would not understand the answer.
pub fn proxy_answer(answer: &[u8]) -> Result<(u16, Option<String>, Option<String>), String> {
    let answer = integration::read(answer)?;
    let subprotocol = answer.header("sec-websocket-protocol").map(str::to_owned);
    Ok((answer.status_code, subprotocol, answer.body))
}

/// The context that an authorizer's answer gives to later events.
///
/// # Errors
/// Why the client may not connect.
pub fn authorizer_answer(answer: &Bytes, method_arn: &str) -> Result<Map<String, Value>, String> {
    authorizer::context_of(answer, method_arn)
}

/// A fault of the console as it is read, and written again.
///
/// # Errors
/// Why it is not a fault.
pub fn fault(json: &[u8]) -> Result<Value, String> {
    let (fault, once) = Fault::read(json)?;
    let mut written = serde_json::to_value(fault).map_err(|error| format!("it can't be written: {error}"))?;
    written["once"] = once.into();
    Ok(written)
}

/// A method and headers from text. `None` if HTTP does not allow them.
pub(crate) fn head(method: &str, headers: &[(String, Vec<u8>)]) -> Option<(Method, HeaderMap)> {
    let headers = headers.iter().map(|(name, value)| Some((name.parse().ok()?, value.as_slice().try_into().ok()?)));
    let mut map = HeaderMap::new();
    for (name, value) in headers.collect::<Option<Vec<(http::HeaderName, http::HeaderValue)>>>()? {
        map.try_append(name, value).ok()?;
    }
    Some((method.parse().ok()?, map))
}
