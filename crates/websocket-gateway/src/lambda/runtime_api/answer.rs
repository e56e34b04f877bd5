//! What a function sends: its answer, or why it has none.

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode};
use futures_util::TryStreamExt;

use crate::api::limits::INVOCATION_BYTES;
use crate::lambda::InvokeError;
use crate::lambda::schedule::Refusal;

/// The largest body in bytes. Lambda allows a little more than its quota; its own message for larger ones names this figure.
const MAX_BYTES: usize = INVOCATION_BYTES + 100;

/// The body of a request.
pub(super) enum Received {
    Whole(Bytes),
    TooLarge { bytes: usize },
}

impl Received {
    /// The status to acknowledge it with.
    pub(super) fn status(&self) -> StatusCode {
        match self {
            Self::Whole(_) => StatusCode::ACCEPTED,
            Self::TooLarge { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        }
    }
}

/// Reads a body to its end, keeping at most [`MAX_BYTES`] of it. Stopping at the limit would break the connection while the runtime
/// still writes, and it would end for that instead of seeing the status.
pub(super) async fn read(body: Body) -> Result<Received, Refusal> {
    let mut body = body.into_data_stream();
    let mut chunks = Vec::new();
    let mut bytes = 0_usize;
    while let Some(chunk) = body.try_next().await.map_err(|_| Refusal::BrokenBody)? {
        bytes = bytes.saturating_add(chunk.len());
        if bytes <= MAX_BYTES {
            chunks.push(chunk);
        }
    }
    Ok(match chunks.as_slice() {
        _ if bytes > MAX_BYTES => Received::TooLarge { bytes },
        // The usual case: no copy.
        [whole] => Received::Whole(whole.clone()),
        several => Received::Whole(several.concat().into()),
    })
}

/// As Lambda calls and words it.
pub(super) fn too_large(bytes: usize) -> InvokeError {
    InvokeError::FunctionError {
        error_type: "Function.ResponseSizeTooLarge".to_owned(),
        message: format!("the response has {bytes} bytes, Lambda allows {MAX_BYTES}"),
        payload: Bytes::new(),
    }
}

/// The error that a function reports, whatever shape it has.
pub(super) fn function_error(received: Received, headers: &HeaderMap) -> InvokeError {
    #[derive(Default, serde::Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Report {
        error_type: Option<String>,
        error_message: Option<String>,
    }

    let payload = match received {
        Received::Whole(payload) => payload,
        Received::TooLarge { bytes } => return too_large(bytes),
    };
    let report: Report = serde_json::from_slice(&payload).unwrap_or_default();
    let header = || Some(headers.get("lambda-runtime-function-error-type")?.to_str().ok()?.to_owned());
    InvokeError::FunctionError {
        error_type: report.error_type.or_else(header).unwrap_or_else(|| "Runtime.UnknownReason".to_owned()),
        message: report.error_message.unwrap_or_else(|| excerpt(&payload)),
        payload,
    }
}

/// The beginning of a body that is not of Lambda's shape.
fn excerpt(payload: &[u8]) -> String {
    const BYTES: usize = 1024;
    String::from_utf8_lossy(&payload[..payload.len().min(BYTES)]).into_owned()
}
