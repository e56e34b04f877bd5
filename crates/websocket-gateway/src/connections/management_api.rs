use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::json;
use tokio::sync::mpsc::error::TrySendError;
use tungstenite::Utf8Bytes;

use super::{Ending, OpenConnection, OpenConnections};
use crate::api::Api;
use crate::api::limits::MESSAGE_BYTES;
use crate::bounded_body::{self, Received};
use crate::clock::{self, Clock, calendar_time};
use crate::event::Identity;
use crate::guard::{self, Caller, Guard};
use crate::ids::ConnectionId;
use crate::service::Service;

/// What follows the stage in the path, once it is percent-decoded.
pub(crate) const PREFIX: &str = "@connections/";

/// Why `@connections` refuses.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Gone,
    InvalidId,
    BrokenBody,
    PayloadTooLarge,
    LimitExceeded,
    Forbidden,
}

/// Answers a request for one connection; `id` is the rest of the path after [`PREFIX`], as the client encoded it.
pub(crate) async fn answer(service: &Service, api: &Api, id: &str, request: Request<Incoming>) -> Response {
    let (head, body) = request.into_parts();
    // To its end, also for an answer that does not depend on it: who is still sending would see a broken connection instead.
    let body = match read(body).await {
        Ok(body) => body,
        Err(refusal) => return refusal.into_response(),
    };
    if let Err(refusal) = permit(service, api, &head, &body) {
        tracing::warn!("{} {}: {refusal}", head.method, head.uri.path());
        return unauthorized(&refusal);
    }
    let open = &service.open;
    let answer = find(open, id).and_then(|connection| match head.method {
        Method::POST => post(&connection, &service.clock, &body),
        Method::GET => Ok(describe(&connection)),
        Method::DELETE => {
            open.remove(&connection.facts.id);
            connection.end(Ending::Deleted);
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        _ => Err(Refusal::Forbidden),
    });
    answer.unwrap_or_else(IntoResponse::into_response)
}

/// Whether the caller may manage connections in this way. A policy can't tell one connection from another: on AWS too the id in the
/// resource is a placeholder.
fn permit(service: &Service, api: &Api, head: &Parts, body: &[u8]) -> Result<(), guard::Refusal> {
    let caller = service.guard.identify("execute-api", head, body, clock::real_seconds())?;
    if caller == Caller::Person {
        tracing::info!(
            "{} {}: not signed; on AWS this would be 403, as it is with --strict",
            head.method,
            head.uri.path()
        );
    }
    let resource = api.arn(&format!("{}/@connections/{{connectionId}}", head.method));
    Guard::authorize(api, &caller, "execute-api:ManageConnections", &resource)
}

/// API Gateway spells `Message` in two ways.
fn unauthorized(refusal: &guard::Refusal) -> Response {
    let key = if matches!(refusal, guard::Refusal::AccessDenied { .. }) { "Message" } else { "message" };
    let body = json!({ key: refusal.to_string() }).to_string();
    let headers = [("x-amzn-ErrorType", refusal.name()), (CONTENT_TYPE.as_str(), "application/json")];
    (StatusCode::FORBIDDEN, headers, body).into_response()
}

/// What API Gateway answers wherever there is nothing for a caller.
pub(crate) fn forbidden() -> Response {
    Refusal::Forbidden.into_response()
}

/// Percent-decodes once: SDKs send the `=` of an id as `%3D`, others send it as it is. What was encoded twice is forbidden.
fn find(open: &OpenConnections, id: &str) -> Result<Arc<OpenConnection>, Refusal> {
    let id = percent_decode_str(id).decode_utf8().map_err(|_| Refusal::InvalidId)?;
    if id.contains('%') {
        return Err(Refusal::Forbidden);
    }
    let id = ConnectionId::parse(&id).ok_or(Refusal::InvalidId)?;
    open.get(&id).ok_or(Refusal::Gone)
}

async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    match bounded_body::read(body, MESSAGE_BYTES).await {
        Ok(Received::Whole(message)) => Ok(message),
        Ok(Received::TooLarge { .. }) => Err(Refusal::PayloadTooLarge),
        Err(_) => Err(Refusal::BrokenBody),
    }
}

fn post(connection: &OpenConnection, clock: &Clock, body: &Bytes) -> Result<Response, Refusal> {
    connection.try_send(text(body, &connection.facts.id)).map_err(|error| match error {
        TrySendError::Full(_) => Refusal::LimitExceeded,
        TrySendError::Closed(_) => Refusal::Gone,
    })?;
    connection.touch(clock.now_ms());
    Ok(StatusCode::OK.into_response())
}

/// API Gateway sends text frames whatever the content type. What it does with bytes that are no text is not known.
fn text(body: &Bytes, id: &ConnectionId) -> Utf8Bytes {
    Utf8Bytes::try_from(body.clone()).unwrap_or_else(|_| {
        tracing::warn!(
            connectionId = %id,
            "a post that is not UTF-8: its bad bytes are replaced, what AWS does is not known"
        );
        String::from_utf8_lossy(body).into_owned().into()
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Description<'a> {
    connected_at: String,
    identity: &'a Identity,
    last_active_at: String,
}

fn describe(connection: &OpenConnection) -> Response {
    let description = Description {
        connected_at: iso_8601(connection.facts.connected_at_ms),
        identity: &connection.facts.identity,
        last_active_at: iso_8601(connection.last_active_ms()),
    };
    match serde_json::to_vec(&description) {
        Ok(json) => ([(CONTENT_TYPE, "application/json")], json).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// `2025-11-06T11:00:00.123Z`.
fn iso_8601(ms: u64) -> String {
    calendar_time(ms).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

/// The SDKs read the error's name from the header `x-amzn-ErrorType`: a 410 has no body.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, name, message) = match self {
            Self::Gone => (StatusCode::GONE, "GoneException", None),
            Self::InvalidId => (StatusCode::BAD_REQUEST, "BadRequestException", Some("Invalid connectionId")),
            Self::BrokenBody => (StatusCode::BAD_REQUEST, "BadRequestException", Some("Bad request body")),
            Self::PayloadTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", Some("Message too long"))
            }
            Self::LimitExceeded => (StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", None),
            Self::Forbidden => (StatusCode::FORBIDDEN, "ForbiddenException", Some("Forbidden")),
        };
        let body = message.map(|message| format!(r#"{{"message":"{message}"}}"#)).unwrap_or_default();
        (status, [("x-amzn-ErrorType", name), (CONTENT_TYPE.as_str(), "application/json")], body).into_response()
    }
}
