//! The Lambda Extensions API, version 2020-01-01, as a function's own process uses it: Lambda ends a process that has registered an extension
//! with SIGTERM, and any other without a word. `lambda_runtime`'s shutdown hook registers one for no other purpose.
//!
//! Extensions with processes of their own come with layers, and the gateway does not start any. So it sends no events.
//! Source: AWS Lambda developer guide, "Using the Lambda Extensions API to create extensions".

use bytes::Bytes;
use http::{HeaderMap, HeaderName, Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::lambda::instance_id::InstanceId;
use crate::lambda::pool::Pool;
use crate::lambda::schedule::{ExtensionRefusal, Refusal};
use crate::wire::answer::{self as http_answer, Answer as HttpAnswer};
use crate::wire::body::Received;

const NAME: HeaderName = HeaderName::from_static("lambda-extension-name");
const IDENTIFIER: HeaderName = HeaderName::from_static("lambda-extension-identifier");

/// What every path begins with.
const API: &str = "/2020-01-01/extension/";

/// A request to the Extensions API, from its method and path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
    Register,
    Next,
    /// It could not initialise, or it ends: with its process, which the gateway sees.
    Error,
}

#[derive(Deserialize)]
struct Registration {
    events: Vec<String>,
}

impl Call {
    pub(super) fn of(method: &Method, path: &str) -> Option<Self> {
        match (method, path.strip_prefix(API)?) {
            (&Method::POST, "register") => Some(Self::Register),
            (&Method::GET, "event/next") => Some(Self::Next),
            (&Method::POST, "init/error" | "exit/error") => Some(Self::Error),
            _ => None,
        }
    }
}

pub(super) async fn answer(
    pool: &Pool,
    instance: InstanceId,
    call: Call,
    headers: &HeaderMap,
    body: Received,
) -> Result<HttpAnswer, Refusal> {
    let header = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if call == Call::Register {
        check(body).map_err(Refusal::Extension)?;
        let identifier = pool.register_extension(instance, header(NAME))?;
        return Ok(registered(pool, identifier));
    }
    pool.check_extension(instance, header(IDENTIFIER))?;
    if call == Call::Next {
        // There is no event that it could get. The request ends with its process.
        std::future::pending::<()>().await;
    }
    Ok(http_answer::json(StatusCode::ACCEPTED, json!({ "status": "OK" }).to_string()))
}

fn check(body: Received) -> Result<(), ExtensionRefusal> {
    let Received::Whole(body) = body else { return Err(ExtensionRefusal::InvalidRequest) };
    let registration: Registration = serde_json::from_slice(&body).map_err(|_| ExtensionRefusal::InvalidRequest)?;
    if registration.events.is_empty() { Ok(()) } else { Err(ExtensionRefusal::InvalidEventType) }
}

fn registered(pool: &Pool, identifier: String) -> HttpAnswer {
    let body = json!({ "functionName": pool.name(), "functionVersion": "$LATEST", "handler": pool.handler() });
    let mut answer = http_answer::json(StatusCode::OK, Bytes::from(body.to_string()));
    answer.headers_mut().insert(IDENTIFIER, super::text(identifier));
    answer
}
