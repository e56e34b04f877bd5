//! HTTP as DynamoDB speaks it: how a request names its operation, and the headers of an answer.

use dynoxide::DynoxideError;
use dynoxide::auth_material::{AuthMaterial, validate};
use http::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::Value;

use super::{Operation, unreadable};
use crate::ids;
use crate::wire::answer::{self, Answer};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const TARGET_PREFIXES: [&str; 2] = ["DynamoDB_20120810.", "DynamoDBStreams_20120810."];
const SIGNED_AT: HeaderName = HeaderName::from_static("x-amz-date");
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// Some SDKs compare it with the body.
const CHECKSUM: HeaderName = HeaderName::from_static("x-amz-crc32");

const AWS_JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

const UNKNOWN_OPERATION: &str = r#"{"__type":"com.amazon.coral.service#UnknownOperationException"}"#;

/// Reads which operation a request asks for.
///
/// # Errors
/// The answer to a request that asks for none.
pub(crate) fn operation(head: &Parts, body: &[u8], region: &str) -> Result<Operation, Box<Answer>> {
    match (head.uri.path(), &head.method) {
        ("/", &Method::POST) => {}
        ("/", &Method::GET) => {
            let healthy = format!("healthy: dynamodb.{region}.amazonaws.com ");
            return Err(Box::new(with_headers(StatusCode::OK, None, healthy)));
        }
        _ => return Err(Box::new(not_found())),
    }
    let content_type = content_type(head);
    if content_type.is_none() && (!body.is_empty() || head.headers.contains_key(CONTENT_TYPE)) {
        return Err(Box::new(not_found()));
    }
    let bad_request = |json: String| Err(Box::new(self::answer(head, StatusCode::BAD_REQUEST, json)));
    let refused = match target(head) {
        None => UNKNOWN_OPERATION.to_owned(),
        Some(operation) => match validate(signature(head)) {
            None if body.is_empty() => unreadable::not_json().to_json(),
            None => return Ok(operation),
            Some(refused) => refused,
        },
    };
    // A body that is not JSON comes before everything else that is wrong.
    if !body.is_empty() && !is_json(body) {
        bad_request(unreadable::not_json().to_json())
    } else {
        bad_request(refused)
    }
}

/// An answer in JSON, or an error. Its content type is that of the request.
pub(crate) fn answer(head: &Parts, status: StatusCode, json: String) -> Answer {
    with_headers(status, Some(content_type(head).unwrap_or(JSON)), json)
}

/// An operation's own error.
pub(crate) fn refusal(head: &Parts, error: &DynoxideError) -> Answer {
    let status = StatusCode::from_u16(error.status_code()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(head, status, error.to_json())
}

/// An answer with the headers that DynamoDB gives every answer.
pub(crate) fn with_headers(status: StatusCode, content_type: Option<HeaderValue>, body: String) -> Answer {
    let checksum = crc32fast::hash(body.as_bytes());
    let mut answer = match content_type {
        Some(content_type) => answer::with_body(status, content_type, body),
        None => {
            let mut answer = answer::status(status);
            *answer.body_mut() = body.into();
            answer
        }
    };
    let headers = answer.headers_mut();
    headers.insert(CHECKSUM, HeaderValue::from(checksum));
    if let Ok(id) = HeaderValue::try_from(ids::dynamodb_request_id()) {
        headers.insert(REQUEST_ID, id);
    }
    answer
}

fn not_found() -> Answer {
    with_headers(StatusCode::NOT_FOUND, None, "<UnknownOperationException/>\n".to_owned())
}

/// The request's content type if it is one of DynamoDB's two, without parameters.
fn content_type(head: &Parts) -> Option<HeaderValue> {
    let text = head.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media_type = text.split(';').next()?.trim();
    [AWS_JSON, JSON].into_iter().find(|known| media_type.as_bytes().eq_ignore_ascii_case(known.as_bytes()))
}

fn target(head: &Parts) -> Option<Operation> {
    let target = head.headers.get(TARGET)?.to_str().ok()?;
    let name = TARGET_PREFIXES.iter().find_map(|prefix| target.strip_prefix(prefix))?;
    Operation::named(name)
}

/// What must be there of a signature. Whether it is right, the guard has asked already.
fn signature(head: &Parts) -> AuthMaterial<'_> {
    AuthMaterial {
        authorization: head.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok()),
        query: head.uri.query().unwrap_or_default(),
        has_date_header: head.headers.contains_key(SIGNED_AT) || head.headers.contains_key(DATE),
    }
}

/// Whether a body is JSON, or would be if it were not nested too deeply for the reader, which is another error.
fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).map_or_else(|error| unreadable::is_too_deep(&error), |_| true)
}
