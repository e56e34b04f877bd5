//! HTTP as SQS speaks it: JSON, as all current SDKs do. The query protocol of older ones is refused in its own words.

use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};
use serde_json::json;

use super::Operation;
use super::refusal::Refusal;
use crate::ids;
use crate::wire::answer::{self, Answer};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const TARGET_PREFIX: &str = "AmazonSQS.";
const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");
/// The code that the error has in the query protocol, and whose fault it is.
const QUERY_ERROR: HeaderName = HeaderName::from_static("x-amzn-query-error");

const AWS_JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");
const XML: HeaderValue = HeaderValue::from_static("text/xml");

/// What those hear who speak the query protocol.
const QUERY_PROTOCOL: &str = "The gateway speaks the JSON protocol of SQS only. Use an SDK from November 2023 or later: boto3 1.28.82, \
                              AWS SDK for JavaScript 3.447, AWS CLI 2.13.33.";

/// Which operation a request asks for.
///
/// # Errors
/// The answer to a request that asks for none.
pub(crate) fn operation(head: &Parts) -> Result<Operation, Box<Answer>> {
    let target = head.headers.get(TARGET).and_then(|target| target.to_str().ok());
    if target.is_none() && speaks_query(head) {
        return Err(Box::new(query_refusal()));
    }
    if head.method != Method::POST {
        let mut answer = answer::status(StatusCode::METHOD_NOT_ALLOWED);
        answer.headers_mut().insert(http::header::ALLOW, HeaderValue::from_static("POST"));
        return Err(Box::new(answer));
    }
    let name = target.and_then(|target| target.strip_prefix(TARGET_PREFIX)).unwrap_or_default();
    Operation::named(name).map_err(|refusal| Box::new(self::refusal(&refusal)))
}

/// The query protocol has a form in the body, or its fields in the URL.
fn speaks_query(head: &Parts) -> bool {
    let content_type = head.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    content_type.starts_with("application/x-www-form-urlencoded")
        || head.uri.query().is_some_and(|query| query.contains("Action="))
}

/// An answer in JSON. Some operations have nothing to say.
pub(crate) fn answered(json: Vec<u8>) -> Answer {
    with_id(answer::with_body(StatusCode::OK, AWS_JSON, json))
}

/// An error of an operation's own.
pub(crate) fn refusal(refusal: &Refusal) -> Answer {
    let status = StatusCode::from_u16(refusal.kind.status).unwrap_or(StatusCode::BAD_REQUEST);
    error(status, refusal.kind.name, refusal.kind.code, &refusal.message)
}

/// An error with a name in the JSON protocol and a code in the query protocol.
pub(crate) fn error(status: StatusCode, name: &str, code: &'static str, message: &str) -> Answer {
    let body = json!({ "__type": name, "message": message });
    let mut answer = with_id(answer::with_body(status, AWS_JSON, body.to_string()));
    let fault = if status.is_server_error() { "Receiver" } else { "Sender" };
    if let Ok(value) = HeaderValue::try_from(format!("{code};{fault}")) {
        answer.headers_mut().insert(QUERY_ERROR, value);
    }
    answer
}

fn query_refusal() -> Answer {
    let id = ids::uuid();
    let body = format!(
        "<?xml version=\"1.0\"?><ErrorResponse xmlns=\"http://queue.amazonaws.com/doc/2012-11-05/\"><Error><Type>Sender</Type>\
         <Code>AWS.SimpleQueueService.UnsupportedOperation</Code><Message>{QUERY_PROTOCOL}</Message><Detail/></Error>\
         <RequestId>{id}</RequestId></ErrorResponse>"
    );
    with_id(answer::with_body(StatusCode::BAD_REQUEST, XML, body))
}

fn with_id(mut answer: Answer) -> Answer {
    if let Ok(id) = HeaderValue::try_from(ids::uuid()) {
        answer.headers_mut().insert(REQUEST_ID, id);
    }
    answer
}
