//! Answers to HTTP requests, and the one shape in which AWS services report an error.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::json;
#[cfg(feature = "console")]
use tokio::sync::mpsc;

use super::answer_body::AnswerBody;

/// An answer, mostly one whose body is in memory.
pub(crate) type Answer = http::Response<AnswerBody>;

/// The header from which the SDKs read an error's name. A 410 of `@connections` has no body, so they have nothing else.
const ERROR_TYPE: HeaderName = HeaderName::from_static("x-amzn-errortype");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A status without a body.
pub(crate) fn status(status: StatusCode) -> Answer {
    let mut answer = Answer::default();
    *answer.status_mut() = status;
    answer
}

/// Plain text.
pub(crate) fn text(code: StatusCode, text: impl Into<Bytes>) -> Answer {
    with_body(code, HeaderValue::from_static("text/plain; charset=utf-8"), text)
}

/// A body that is JSON already.
pub(crate) fn json(code: StatusCode, body: impl Into<Bytes>) -> Answer {
    with_body(code, JSON, body)
}

/// A body of any type.
pub(crate) fn with_body(code: StatusCode, content_type: HeaderValue, body: impl Into<Bytes>) -> Answer {
    let mut answer = status(code);
    answer.headers_mut().insert(CONTENT_TYPE, content_type);
    *answer.body_mut() = AnswerBody::from(body);
    answer
}

/// A body that comes in pieces, and ends when the sender is dropped.
#[cfg(feature = "console")]
pub(crate) fn pieces(pieces: mpsc::Receiver<Bytes>) -> AnswerBody {
    AnswerBody::Pieces(pieces)
}

/// An error of an AWS service: its name in a header, and whatever the service writes as JSON in the body.
pub(crate) fn aws_error(code: StatusCode, name: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = json(code, body);
    answer.headers_mut().insert(ERROR_TYPE, HeaderValue::from_static(name));
    answer
}

/// The body of most errors: `{"message":"…"}`.
pub(crate) fn message(message: &str) -> String {
    json!({ "message": message }).to_string()
}
