use std::error::Error;

use lambda_runtime::Diagnostic;

use crate::cause::chain;
use crate::event::BadEvent;

/// A function error: what Lambda is told when a route could not answer. API Gateway turns it into status 502 on `$connect`, into the
/// `Internal server error` frame on a message route, and into status 500 or 401 when it is an authorizer's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{error_type}: {message}")]
pub struct FunctionError {
    error_type: &'static str,
    message: String,
}

impl FunctionError {
    pub(crate) fn internal(cause: &(dyn Error + 'static)) -> Self {
        Self { error_type: "InternalError", message: chain(cause) }
    }

    pub(crate) fn panic(message: &str) -> Self {
        Self { error_type: "HandlerPanicked", message: format!("the handler panicked: {message}") }
    }

    /// An authorizer got an event that is not an authorizer's. API Gateway does not send one, so there is no client to answer.
    pub(crate) fn bad_event(why: &BadEvent) -> Self {
        Self { error_type: "BadEvent", message: why.to_string() }
    }

    /// An authorizer's failure. The words in front keep the message from reading `Unauthorized` by chance, which has a meaning.
    pub(crate) fn authorizer(cause: &(dyn Error + 'static)) -> Self {
        Self { error_type: "InternalError", message: format!("the authorizer failed: {}", chain(cause)) }
    }

    /// API Gateway answers the handshake with 401 if an authorizer fails with exactly this message, and with 500 for any other.
    /// Source: API Gateway developer guide, "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers".
    pub(crate) fn unauthorized() -> Self {
        Self { error_type: "Unauthorized", message: "Unauthorized".to_owned() }
    }

    /// `InternalError` or `HandlerPanicked`, and from an authorizer also `Unauthorized` or `BadEvent`. These names are stable, so that a
    /// metric filter can look for them.
    #[must_use]
    pub fn error_type(&self) -> &'static str {
        self.error_type
    }

    /// What went wrong. API Gateway never shows it to the client.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl From<FunctionError> for Diagnostic {
    fn from(error: FunctionError) -> Self {
        Self { error_type: error.error_type.to_owned(), error_message: error.message }
    }
}
