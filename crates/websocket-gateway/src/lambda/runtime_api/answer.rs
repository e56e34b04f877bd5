//! What a function sends: its answer or its error.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use hyper::body::Incoming;

use crate::api::limits::INVOCATION_BYTES;
use crate::lambda::InvokeError;
use crate::lambda::error_report::ErrorReport;
use crate::lambda::invocation::Answer;
use crate::lambda::schedule::Refusal;
use crate::wire::body::{self, Received};

/// The size of the largest body in bytes. Lambda allows a little more than its quota, and its message about larger bodies names this figure.
const MAX_BYTES: usize = INVOCATION_BYTES + 100;

/// The status that acknowledges a body.
pub(super) fn status(received: &Received) -> StatusCode {
    match received {
        Received::Whole(_) => StatusCode::ACCEPTED,
        Received::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
    }
}

/// Reads what a function sends. A body that is too large is read to its end, too: a runtime ends if its connection breaks before it gets a
/// status.
pub(super) async fn read(body: Incoming) -> Result<Received, Refusal> {
    body::read(body, MAX_BYTES).await.map_err(|_| Refusal::BrokenBody)
}

/// The answer that the caller gets.
pub(super) fn payload(received: Received) -> Answer {
    match received {
        Received::Whole(payload) => Ok(payload),
        Received::TooLarge { bytes } => Err(too_large(bytes)),
    }
}

/// The error for an answer that is too large. Its type is Lambda's.
fn too_large(bytes: usize) -> InvokeError {
    InvokeError::FunctionError {
        error_type: "Function.ResponseSizeTooLarge".to_owned(),
        message: format!("the response has {bytes} bytes, Lambda allows {MAX_BYTES}"),
        payload: Bytes::new(),
    }
}

/// The error that a function reports, in whatever format.
pub(super) fn function_error(received: Received, headers: &HeaderMap) -> InvokeError {
    let payload = match received {
        Received::Whole(payload) => payload,
        Received::TooLarge { bytes } => return too_large(bytes),
    };
    let report = ErrorReport::read(&payload);
    let header = || headers.get("lambda-runtime-function-error-type")?.to_str().ok().filter(|name| !name.is_empty());
    InvokeError::FunctionError {
        error_type: report.error_type.unwrap_or_else(|| header().unwrap_or("Runtime.UnknownReason").to_owned()),
        message: report.error_message.unwrap_or_else(|| excerpt(&payload)),
        payload,
    }
}

/// The beginning of a body that does not have Lambda's format.
fn excerpt(payload: &[u8]) -> String {
    const BYTES: usize = 1024;
    String::from_utf8_lossy(&payload[..payload.len().min(BYTES)]).into_owned()
}
