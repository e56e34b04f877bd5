//! See [`crate::fuzzing`].

use bytes::Bytes;
use http::{HeaderMap, Response, StatusCode};

use super::error::InvokeError;
use super::{remote, runtime_api};
use crate::fuzzing::head;

pub use super::schedule::fuzzing::schedule;

/// Reads the method and path of a request to the Runtime API. Returns the instance's id as the gateway writes it, and the request id if there is one.
///
/// # Errors
/// Why it is refused.
pub fn runtime_call(method: &str, path: &str) -> Result<(String, Option<String>), String> {
    let (method, _) = head(method, &[]).ok_or("not a method")?;
    runtime_api::read_call(&method, path).map_err(|refusal| refusal.to_string())
}

/// Reads an error that a function reports to the Runtime API: its type and its message.
pub fn function_error(body: Bytes, error_type: Option<&str>) -> (String, String) {
    let mut headers = HeaderMap::new();
    if let Some(value) = error_type.and_then(|text| text.parse().ok()) {
        headers.insert("lambda-runtime-function-error-type", value);
    }
    parts(runtime_api::read_error(body, &headers)).unwrap_or_default()
}

/// Reads what a Lambda that runs elsewhere answers.
///
/// # Errors
/// Why it is not an answer, in words.
pub fn remote_answer(status: u16, failed: bool, body: Bytes) -> Result<Bytes, String> {
    let (mut head, ()) = Response::new(()).into_parts();
    head.status = StatusCode::from_u16(status).unwrap_or_default();
    if failed {
        head.headers.insert("x-amz-function-error", http::HeaderValue::from_static("Unhandled"));
    }
    remote::answer(&head, body, "http://127.0.0.1:9000").map_err(|error| error.to_string())
}

fn parts(error: InvokeError) -> Option<(String, String)> {
    match error {
        InvokeError::FunctionError { error_type, message, .. } => Some((error_type, message)),
        _ => None,
    }
}
