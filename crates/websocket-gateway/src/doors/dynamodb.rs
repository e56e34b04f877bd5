//! The port of the embedded DynamoDB. It lets through what the policies of the functions allow: the store itself does not know who asks.

use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use serde_json::json;

use super::port::{OpenPort, Port};
use crate::clock;
use crate::dynamodb::{Queue, Unanswered, needs, protocol};
use crate::guard::{Caller, Refusal};
use crate::happenings::{Door, Level, What};
use crate::service::Service;
use crate::wire::answer::Answer;
use crate::wire::body::{self, Received, Unreadable};
use crate::wire::tls::Tls;

/// The largest request in bytes.
/// Source: Amazon DynamoDB developer guide, "Quotas": 16 MB for a batch.
const REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// Why a request does not reach the store.
#[derive(Debug)]
enum Stopped {
    ByGuard(Refusal),
    /// What it asks for can't be read.
    Unreadable,
    TooLarge,
    TooSlow,
    Unanswered(Unanswered),
}

/// Serves the store at a port until the result is closed or dropped.
pub(crate) fn serve_store(port: Port, service: &Arc<Service>, store: Queue, tls: Option<Tls>) -> OpenPort {
    let of_answers = Arc::clone(service);
    port.serve(Door::DynamoDb, Arc::clone(service), tls, move |request| {
        let (service, store) = (Arc::clone(&of_answers), store.clone());
        async move { answer(&service, &store, request).await.unwrap_or_else(|stopped| stopped.into_answer(&service)) }
    })
}

async fn answer(service: &Service, store: &Queue, request: Request<Incoming>) -> Result<Answer, Stopped> {
    let (head, body) = request.into_parts();
    // Whole, because the signature is over the whole body.
    let body = match body::read(body, REQUEST_BYTES).await {
        Ok(Received::Whole(body)) => body,
        Ok(Received::TooLarge { .. }) => return Err(Stopped::TooLarge),
        Err(Unreadable::TooSlow) => return Err(Stopped::TooSlow),
        Err(Unreadable::BrokeOff(_)) => return Err(Stopped::Unreadable),
    };
    let caller = permit(service, &head, &body)?;
    let answer = call(service, store, &head, body).await;
    service.happenings.tell(Level::Detail, || What::StoreCalled {
        function: caller.function().map(str::to_owned),
        operation: target(&head.headers).unwrap_or_default().to_owned(),
        status: answer.as_ref().map_or(StatusCode::INTERNAL_SERVER_ERROR, Answer::status).as_u16(),
    });
    answer
}

async fn call(service: &Service, store: &Queue, head: &Parts, body: Bytes) -> Result<Answer, Stopped> {
    let operation = match protocol::operation(head, &body, service.guard.credentials.region()) {
        Ok(operation) => operation,
        Err(answer) => return Ok(*answer),
    };
    match store.call(operation, body).await {
        Ok(json) => Ok(protocol::answer(head, StatusCode::OK, json)),
        Err(Unanswered::Refused(error)) => Ok(protocol::refusal(head, &error)),
        Err(unanswered) => Err(Stopped::Unanswered(unanswered)),
    }
}

fn permit(service: &Service, head: &Parts, body: &[u8]) -> Result<Caller, Stopped> {
    let caller = service.guard.identify("dynamodb", head, body, clock::real_seconds()).map_err(Stopped::ByGuard)?;
    let Some(target) = target(&head.headers).filter(|_| caller != Caller::Person) else { return Ok(caller) };
    let deployment = service.deployment();
    for need in needs(target, body).map_err(|_| Stopped::Unreadable)? {
        let resource = need.resource.arn(&deployment.api.account);
        caller.check_permission(&deployment.api, &need.action, &resource).map_err(Stopped::ByGuard)?;
    }
    Ok(caller)
}

/// The operation, as in `DynamoDB_20120810.PutItem`.
fn target(headers: &HeaderMap) -> Option<&str> {
    let target = headers.get("x-amz-target")?.to_str().ok()?;
    target.split_once('.').map(|(_, operation)| operation)
}

impl Stopped {
    fn into_answer(self, service: &Service) -> Answer {
        let tell_refused = |status: StatusCode, why: &str| {
            service
                .happenings
                .tell(Level::Warning, || What::refused(Door::DynamoDb, status.as_u16(), format!("DynamoDB: {why}")));
        };
        let (status, name, message) = match self {
            Self::ByGuard(refusal) => {
                let why = refusal.to_string();
                tell_refused(StatusCode::BAD_REQUEST, &why);
                (StatusCode::BAD_REQUEST, refusal.name(), why)
            }
            Self::Unreadable => (StatusCode::BAD_REQUEST, "SerializationException", String::new()),
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", format!("over {REQUEST_BYTES} bytes"))
            }
            Self::TooSlow => {
                let why = Unreadable::TooSlow.to_string();
                tell_refused(StatusCode::REQUEST_TIMEOUT, &why);
                (StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException", why)
            }
            // SDKs try again after a while.
            Self::Unanswered(Unanswered::Busy) => {
                tell_refused(StatusCode::BAD_REQUEST, &Unanswered::Busy.to_string());
                let message = "Rate of requests exceeds the allowed throughput.".to_owned();
                (StatusCode::BAD_REQUEST, "ThrottlingException", message)
            }
            Self::Unanswered(unanswered) => {
                service.happenings.tell(Level::Error, || What::StoreFailed { why: unanswered.to_string() });
                let message = "The request processing has failed because of an unknown error".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message)
            }
        };
        let body = json!({ "__type": format!("com.amazon.coral.service#{name}"), "message": message });
        let content_type = HeaderValue::from_static("application/x-amz-json-1.0");
        protocol::with_headers(status, Some(content_type), body.to_string())
    }
}
