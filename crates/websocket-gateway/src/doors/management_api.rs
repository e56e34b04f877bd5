//! `@connections`: the HTTP API that posts to connections, describes them and closes them.

#[cfg(feature = "console")]
use std::sync::Arc;

use bytes::Bytes;
use http::header::AUTHORIZATION;
use http::request::Parts;
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde::Serialize;
use serde_json::json;
use tungstenite::Utf8Bytes;

use crate::api::Api;
use crate::api::limits::MESSAGE_BYTES;
use crate::clock::{self, calendar_time};
use crate::event::Identity;
use crate::faults::PostStatus;
use crate::guard::{self, Caller};
use crate::happenings::{Door, Level, What};
use crate::ids::ConnectionId;
use crate::service::connections::{Ending, NoRoom, OpenConnection};
use crate::service::{Service, Throttled};
use crate::wire::answer::{self, Answer, aws_error};
use crate::wire::body::{self, Received};

/// What follows the stage in the path, once it is percent-decoded.
pub(super) const NAME: &str = "@connections";

/// Why `@connections` refuses a request.
#[derive(Clone, Copy, Debug)]
enum Refusal {
    Gone,
    InvalidId,
    BrokenBody,
    PayloadTooLarge,
    LimitExceeded,
    Forbidden,
    /// A person wants posts to be refused so.
    ByHand(PostStatus),
}

/// Answers a request for one connection, and tells of it; `id` is the rest of the path after [`NAME`] and a slash, as the client encoded it.
pub(super) async fn answer(service: &Service, api: &Api, id: &str, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    // To its end, even for an answer that does not depend on it: a client that is still sending would see a broken connection instead.
    let body = read(body).await;
    let _turn = service.turns.take().await;
    let message = body.as_ref().cloned().unwrap_or_default();
    let (caller, answer) = match body {
        Ok(body) => match permit(service, api, &head, &body) {
            Ok(caller) => {
                let answer = throttle(service).and_then(|()| serve(service, id, &head.method, &body));
                (Some(caller), answer)
            }
            Err(refusal) => return not_permitted(service, &head, &refusal),
        },
        Err(refusal) => (None, Err(refusal)),
    };
    let by_hand = matches!(answer, Err(Refusal::ByHand(_)));
    let answer = answer.unwrap_or_else(Refusal::into_answer);
    tell(service, by_hand, id, &head.method, caller.as_ref(), message, &answer);
    answer
}

/// Does for the person at the console what the API does for functions, and tells of it.
#[cfg(feature = "console")]
pub(super) fn answer_person(service: &Service, id: &str, method: &Method, body: Bytes) -> Answer {
    let answer = serve(service, id, method, &body).unwrap_or_else(Refusal::into_answer);
    tell(service, true, id, method, None, body, &answer);
    answer
}

fn tell(
    service: &Service,
    by_hand: bool,
    id: &str,
    method: &Method,
    caller: Option<&Caller>,
    message: Bytes,
    answer: &Answer,
) {
    service.happenings.tell_as(by_hand, None, Level::Detail, || What::Posted {
        connection_id: parse(id).ok().map(|id| id.to_string()),
        method: method.to_string(),
        function: caller.and_then(Caller::function).map(str::to_owned),
        status: answer.status().as_u16(),
        message,
    });
}

/// The open connection that a path names.
#[cfg(feature = "console")]
pub(super) fn connection(service: &Service, id: &str) -> Result<Arc<OpenConnection>, Box<Answer>> {
    let connection = parse(id).and_then(|id| service.open.get(&id).ok_or(Refusal::Gone));
    connection.map_err(|refusal| Box::new(refusal.into_answer()))
}

/// What exceeds the account's rate gets what a post to a client gets that does not read: nothing in the answer tells the two apart.
fn throttle(service: &Service) -> Result<(), Refusal> {
    service.throttle.take(service.clock.now_ms()).map_err(|Throttled { limit, is_first }| {
        if is_first {
            service.happenings.tell(Level::Warning, || What::RateLimited { limit });
        }
        Refusal::LimitExceeded
    })
}

fn serve(service: &Service, id: &str, method: &Method, body: &Bytes) -> Result<Answer, Refusal> {
    let id = parse(id)?;
    if *method == Method::POST
        && let Some(status) = service.faults.of_post(&id)
    {
        return Err(Refusal::ByHand(status));
    }
    let connection = service.open.get(&id).ok_or(Refusal::Gone)?;
    match *method {
        Method::POST => post(service, &connection, body),
        Method::GET => Ok(describe(&connection)),
        Method::DELETE => {
            service.open.remove(&connection.facts.id);
            connection.end(Ending::Deleted);
            Ok(answer::status(StatusCode::NO_CONTENT))
        }
        _ => Err(Refusal::Forbidden),
    }
}

/// Finds out who calls, and whether that caller may manage connections in this way. A policy can't tell one connection from another: on AWS,
/// too, the id in the resource is a placeholder.
fn permit(service: &Service, api: &Api, head: &Parts, body: &[u8]) -> Result<Caller, guard::Refusal> {
    let caller = service.guard.identify("execute-api", head, body, clock::real_seconds())?;
    if caller == Caller::Person {
        service.happenings.tell(Level::Info, || {
            let (method, path) = (head.method.to_string(), head.uri.path().to_owned());
            let is_signed = head.headers.contains_key(AUTHORIZATION);
            if is_signed { What::UnknownKeys { method, path } } else { What::NotSigned { method, path } }
        });
    }
    let resource = api.arn(&format!("{}/@connections/{{connectionId}}", head.method));
    caller.check_permission(api, "execute-api:ManageConnections", &resource)?;
    Ok(caller)
}

/// API Gateway spells `Message` in two ways.
fn not_permitted(service: &Service, head: &Parts, refusal: &guard::Refusal) -> Answer {
    service.happenings.tell(Level::Warning, || {
        let why = format!("{} {}: {refusal}", head.method, head.uri.path());
        What::refused(Door::ManagementApi, StatusCode::FORBIDDEN.as_u16(), why)
    });
    let key = if matches!(refusal, guard::Refusal::AccessDenied { .. }) { "Message" } else { "message" };
    aws_error(StatusCode::FORBIDDEN, refusal.name(), json!({ key: refusal.to_string() }).to_string())
}

/// What API Gateway answers on every path where a caller finds nothing.
pub(super) fn forbidden() -> Answer {
    Refusal::Forbidden.into_answer()
}

/// Percent-decodes the id once: SDKs send its `=` as `%3D`, other clients send it as it is. An id that was encoded twice is forbidden.
fn parse(id: &str) -> Result<ConnectionId, Refusal> {
    let id = percent_decode_str(id).decode_utf8().map_err(|_| Refusal::InvalidId)?;
    if id.contains('%') {
        return Err(Refusal::Forbidden);
    }
    ConnectionId::parse(&id).ok_or(Refusal::InvalidId)
}

#[cfg(fuzzing)]
pub(super) fn valid_id(id: &str) -> Option<ConnectionId> {
    parse(id).ok()
}

async fn read(body: Incoming) -> Result<Bytes, Refusal> {
    match body::read(body, MESSAGE_BYTES).await {
        Ok(Received::Whole(message)) => Ok(message),
        Ok(Received::TooLarge { .. }) => Err(Refusal::PayloadTooLarge),
        Err(_) => Err(Refusal::BrokenBody),
    }
}

fn post(service: &Service, connection: &OpenConnection, body: &Bytes) -> Result<Answer, Refusal> {
    connection.outbox.try_push(text(service, connection, body)).map_err(|error| match error {
        NoRoom::Full => Refusal::LimitExceeded,
        NoRoom::Closed => Refusal::Gone,
    })?;
    connection.touch(service.clock.now_ms());
    Ok(answer::status(StatusCode::OK))
}

/// API Gateway sends text frames whatever the content type. What it does with bytes that are not UTF-8 is not known.
fn text(service: &Service, connection: &OpenConnection, body: &Bytes) -> Utf8Bytes {
    Utf8Bytes::try_from(body.clone()).unwrap_or_else(|_| {
        let connection_id = || connection.facts.id.to_string();
        service.happenings.tell(Level::Warning, || What::PostNotUtf8 { connection_id: connection_id() });
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

fn describe(connection: &OpenConnection) -> Answer {
    let description = Description {
        connected_at: iso_8601(connection.facts.connected_at_ms),
        identity: &connection.facts.identity,
        last_active_at: iso_8601(connection.last_active_ms()),
    };
    match serde_json::to_vec(&description) {
        Ok(json) => answer::json(StatusCode::OK, json),
        Err(_) => answer::status(StatusCode::INTERNAL_SERVER_ERROR),
    }
}

/// `2025-11-06T11:00:00.123Z`.
fn iso_8601(ms: u64) -> String {
    calendar_time(ms).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

impl Refusal {
    fn into_answer(self) -> Answer {
        let (status, name, message) = match self {
            Self::Gone | Self::ByHand(PostStatus::Gone) => (StatusCode::GONE, "GoneException", None),
            Self::InvalidId => (StatusCode::BAD_REQUEST, "BadRequestException", Some("Invalid connectionId")),
            Self::BrokenBody => (StatusCode::BAD_REQUEST, "BadRequestException", Some("Bad request body")),
            Self::PayloadTooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "PayloadTooLargeException", Some("Message too long"))
            }
            Self::LimitExceeded | Self::ByHand(PostStatus::TooMany) => {
                (StatusCode::TOO_MANY_REQUESTS, "LimitExceededException", None)
            }
            Self::Forbidden => (StatusCode::FORBIDDEN, "ForbiddenException", Some("Forbidden")),
        };
        aws_error(status, name, message.map(answer::message).unwrap_or_default())
    }
}
