use axum::body::Body;
use axum::extract::ws::Utf8Bytes;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Method, Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use tokio::sync::mpsc::error::TrySendError;

use super::{OpenConnection, OpenConnections};
use crate::api::limits::MESSAGE_BYTES;
use crate::clock::Clock;
use crate::event::Identity;
use crate::ids::ConnectionId;

/// What follows the stage in the path, once it is percent-decoded.
pub(crate) const PREFIX: &str = "@connections/";

/// Why `@connections` refuses. The SDKs read the name from the header `x-amzn-ErrorType`: a 410 has no body.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Gone,
    BadRequest,
    PayloadTooLarge,
    LimitExceeded,
    Forbidden,
}

/// Answers a request for one connection; `id` is the rest of the path after [`PREFIX`], as the client encoded it.
pub(crate) async fn answer(open: &OpenConnections, clock: &Clock, id: &str, request: Request<Body>) -> Response {
    let answer = match (find(open, id), request.method()) {
        (Ok(connection), &Method::POST) => post(&connection, clock, request.into_body()).await,
        (Ok(connection), &Method::GET) => Ok(describe(&connection)),
        (Ok(connection), &Method::DELETE) => {
            open.remove(&connection.facts.id);
            connection.delete();
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        (Ok(_), _) => Err(Refusal::Forbidden),
        (Err(refusal), _) => Err(refusal),
    };
    answer.unwrap_or_else(IntoResponse::into_response)
}

/// Percent-decodes once: SDKs send the `=` of an id as `%3D`, others send it as it is.
fn find(open: &OpenConnections, id: &str) -> Result<std::sync::Arc<OpenConnection>, Refusal> {
    let id = percent_decode_str(id).decode_utf8().map_err(|_| Refusal::BadRequest)?;
    let id = ConnectionId::parse(&id).ok_or(Refusal::BadRequest)?;
    open.get(&id).ok_or(Refusal::Gone)
}

async fn post(connection: &OpenConnection, clock: &Clock, body: Body) -> Result<Response, Refusal> {
    let body = Limited::new(body, MESSAGE_BYTES)
        .collect()
        .await
        .map_err(|error| if error.is::<LengthLimitError>() { Refusal::PayloadTooLarge } else { Refusal::BadRequest })?;
    let frame = text(&body.to_bytes(), &connection.facts.id);
    connection.try_send(frame).map_err(|error| match error {
        TrySendError::Full(_) => Refusal::LimitExceeded,
        TrySendError::Closed(_) => Refusal::Gone,
    })?;
    connection.touch(clock.now_ms());
    Ok(StatusCode::OK.into_response())
}

/// API Gateway sends text frames whatever the content type. What it does with bytes that are no text is not known.
fn text(body: &Bytes, id: &ConnectionId) -> Utf8Bytes {
    Utf8Bytes::try_from(body.clone()).unwrap_or_else(|_| {
        tracing::warn!(connectionId = %id, "a post that is not UTF-8: its bad bytes are replaced, what AWS does is not known");
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
    let time = i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, name, body) = match self {
            Self::Gone => (StatusCode::GONE, "GoneException", String::new()),
            Self::BadRequest => {
                (StatusCode::BAD_REQUEST, "BadRequestException", r#"{"message":"Invalid connectionId"}"#.to_owned())
            }
            Self::PayloadTooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "PayloadTooLargeException",
                format!(r#"{{"message":"The message is over {MESSAGE_BYTES} bytes"}}"#),
            ),
            Self::LimitExceeded => (StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", String::new()),
            Self::Forbidden => (StatusCode::FORBIDDEN, "ForbiddenException", r#"{"message":"Forbidden"}"#.to_owned()),
        };
        (status, [("x-amzn-ErrorType", name)], body).into_response()
    }
}
