//! The Lambda authorizer of `$connect`: asks the function who a client is, and decides what its answer means.
//!
//! Nothing is kept from one client to the next: for WebSocket APIs API Gateway asks every time.

mod answer;
mod identity;

use std::time::Instant;

use http::StatusCode;
use serde_json::{Map, Value};

use super::{DeployedAuthorizer, Deployment};
use crate::api::limits::AUTHORIZER_TIMEOUT;
use crate::clock::Clock;
use crate::event::Written;
use crate::happenings::{Door, HappeningSender, Level, What};
use crate::lambda::{ByHand, InvokeError};
use answer::{Answer, Unmet};

/// Why a client may not connect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The client is not authenticated: an identity source is missing, or the function has failed with exactly this word.
    Unauthorized,
    /// The policy does not allow it.
    AccessDenied,
    /// The policy denies it.
    ExplicitlyDenied,
    /// The function failed, or API Gateway does not understand its answer.
    Failed,
}

impl Refusal {
    /// The status, the error's name and its message, in API Gateway's words for REST APIs. That it uses them here is a guess.
    pub(crate) fn answer(self) -> (StatusCode, &'static str, &'static str) {
        match self {
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
        }
    }
}

/// The context that an answer gives, or why it lets nobody in.
#[cfg(fuzzing)]
pub(crate) fn context_of(answer: &bytes::Bytes, method_arn: &str) -> Result<Map<String, Value>, String> {
    Answer::read(answer).and_then(|answer| answer.context(method_arn, 1)).map_err(|unmet| match unmet {
        Unmet::Refused(refusal) => refusal.answer().2.to_owned(),
        Unmet::NotUnderstood(why) => why,
    })
}

/// Asks the authorizer about a client; `event` is what the function gets. Returns the context for the client's later events.
pub(crate) async fn ask(
    clock: &Clock,
    happenings: &HappeningSender,
    deployment: &Deployment,
    DeployedAuthorizer { authorizer, function }: &DeployedAuthorizer,
    event: &Written,
) -> Result<Map<String, Value>, Refusal> {
    let name = &authorizer.function;
    let by_hand = ByHand::default();
    let refuse = |refusal: Refusal, why: String| {
        let level = if refusal == Refusal::Failed { Level::Error } else { Level::Warning };
        happenings.tell_as(by_hand.has_met(), None, level, || What::Refused {
            door: Door::WebSocket,
            status: refusal.answer().0.as_u16(),
            connection_id: Some(event.connection_id.to_string()),
            request_id: Some(event.request_id.clone()),
            why: format!("not authorized: {why}"),
        });
        Err(refusal)
    };
    if let Some(source) = identity::missing(&authorizer.identity_sources, &event.json) {
        return refuse(Refusal::Unauthorized, format!("there is no {source}, so {name} is not asked"));
    }
    let started = Instant::now();
    let answer = clock.within(AUTHORIZER_TIMEOUT, function.invoke(event.json.clone(), &by_hand)).await;
    let took = started.elapsed();
    let ms = took.as_millis();
    let context = match answer {
        Some(Ok(answer)) => {
            Answer::read(&answer).and_then(|answer| answer.context(&deployment.api.arn("$connect"), ms))
        }
        Some(Err(InvokeError::FunctionError { message, .. })) if message == "Unauthorized" => {
            Err(Unmet::Refused(Refusal::Unauthorized))
        }
        Some(Err(error)) => return refuse(Refusal::Failed, format!("{name} failed: {error} ({ms} ms)")),
        None => return refuse(Refusal::Failed, format!("{name} is not done: timed out ({ms} ms)")),
    };
    match context {
        Ok(context) => {
            happenings.tell_as(by_hand.has_met(), None, Level::Info, || What::Authorized {
                connection_id: event.connection_id.to_string(),
                request_id: event.request_id.clone(),
                function: name.clone(),
                took,
            });
            Ok(context)
        }
        Err(Unmet::Refused(refusal)) => {
            refuse(refusal, format!("{name} refuses the client: {} ({ms} ms)", refusal.answer().2))
        }
        // Without the answer itself, which may have a token in it.
        Err(Unmet::NotUnderstood(why)) => {
            refuse(Refusal::Failed, format!("{name} answered what API Gateway does not understand: {why} ({ms} ms)"))
        }
    }
}
