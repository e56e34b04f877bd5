//! The Lambda authorizer of `$connect`: asks the function behind it who a client is, and what its answer means.
//!
//! Nothing is kept from one client to the next: for WebSocket APIs API Gateway asks every time.

mod answer;
mod identity;

use std::time::Instant;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Map, Value, json};

use crate::api::Authorizer;
use crate::api::limits::AUTHORIZER_TIMEOUT;
use crate::clock::Clock;
use crate::deployment::Deployment;
use crate::event::Written;
use crate::lambda::InvokeError;
use answer::Answer;

/// Why a client may not connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// It did not say who it is, or the function said so in that very word.
    Unauthorized,
    /// The policy does not allow it.
    AccessDenied,
    /// The policy denies it.
    ExplicitlyDenied,
    /// The function failed, or its answer is none that API Gateway understands.
    Failed,
}

/// In the words that API Gateway has for REST APIs; that it uses them here is a guess.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, name, message) = match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "UnauthorizedException", "Unauthorized"),
            Self::AccessDenied => {
                (StatusCode::FORBIDDEN, "AccessDeniedException", "User is not authorized to access this resource")
            }
            Self::ExplicitlyDenied => (
                StatusCode::FORBIDDEN,
                "AccessDeniedException",
                "User is not authorized to access this resource with an explicit deny",
            ),
            Self::Failed => {
                (StatusCode::INTERNAL_SERVER_ERROR, "AuthorizerConfigurationException", "Internal server error")
            }
        };
        let body = json!({ "message": message }).to_string();
        (status, [("x-amzn-ErrorType", name), (CONTENT_TYPE.as_str(), "application/json")], body).into_response()
    }
}

/// Asks the authorizer about a client; `event` is what it is to be told. What comes back is for the client's later events.
pub(crate) async fn ask(
    deployment: &Deployment,
    clock: &Clock,
    authorizer: &Authorizer,
    event: &Written,
) -> Result<Map<String, Value>, Refusal> {
    let function = &authorizer.function;
    let (connection_id, request_id) = (&event.connection_id, &event.request_id);
    if let Some(source) = identity::missing(&authorizer.identity_sources, &event.json) {
        tracing::warn!(connectionId = %connection_id, "not authorized: there is no {source}, so {function} is not asked");
        return Err(Refusal::Unauthorized);
    }
    let started = Instant::now();
    let answer = clock.within(AUTHORIZER_TIMEOUT, deployment.invoke(function, event.json.clone())).await;
    let ms = started.elapsed().as_millis();
    let verdict = match answer {
        Some(Ok(answer)) => {
            let verdict = Answer::read(&answer).and_then(|answer| answer.verdict(&deployment.api.arn("$connect"), ms));
            // Not the answer itself: there may be a token in it.
            verdict.map_err(|why| format!("answered what API Gateway does not understand: {why}"))
        }
        Some(Err(InvokeError::FunctionError { message, .. })) if message == "Unauthorized" => {
            Ok(Err(Refusal::Unauthorized))
        }
        Some(Err(error)) => Err(format!("failed: {error}")),
        None => Err("is not done: timed out".to_owned()),
    };
    match verdict {
        Ok(Ok(context)) => {
            tracing::info!(connectionId = %connection_id, requestId = request_id, "authorized by {function} in {ms} ms");
            Ok(context)
        }
        Ok(Err(refusal)) => {
            tracing::warn!(connectionId = %connection_id, requestId = request_id, "not authorized: {function} says {refusal:?} in {ms} ms");
            Err(refusal)
        }
        Err(why) => {
            tracing::error!(connectionId = %connection_id, requestId = request_id, "not authorized: {function} {why} ({ms} ms)");
            Err(Refusal::Failed)
        }
    }
}
