//! What a route's failure means: for the client, for the log, for Lambda.

use std::error::Error;
use std::fmt;

use lambda_runtime::Diagnostic;

use crate::connections::PostError;
use crate::event::BadEvent;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// Why a message was not served. Return it, mostly through `?`, and the right one hears of it:
///
/// | made by | the client gets | the log gets |
/// |---|---|---|
/// | [`RouteError::bad_request`] | an error frame with your text | INFO |
/// | [`RouteError::forbidden`] | an error frame with your text | INFO |
/// | `?` on any other error, [`RouteError::internal`] | API Gateway's own `Internal server error` frame | ERROR with the cause |
///
/// The error frame is `{"message":"…","connectionId":"…","requestId":"…"}`, the shape of API Gateway's own error frames, so that a
/// client parses one shape. On a route with a RouteResponse it is the answer's body; on a one-way route it is posted to the caller.
///
/// Like `anyhow::Error` this is not itself a [`std::error::Error`], so that every type that is one can turn into it. For those that
/// are none, such as `anyhow::Error` and boxed errors, there is `.map_err(RouteError::internal)?`.
#[derive(Debug)]
pub struct RouteError(pub(crate) Cause);

#[derive(Debug)]
pub(crate) enum Cause {
    BadRequest(String),
    Forbidden(String),
    Internal(BoxError),
}

impl RouteError {
    /// The client's message is wrong; `text` says what it can mend. Status 400.
    pub fn bad_request(text: impl fmt::Display) -> Self {
        Self(Cause::BadRequest(text.to_string()))
    }

    /// The message is fine, but this client may not do that; `text` says what. Status 403.
    pub fn forbidden(text: impl fmt::Display) -> Self {
        Self(Cause::Forbidden(text.to_string()))
    }

    /// Our side failed. The cause goes to the log only; Lambda is told of a function error, so that alarms on it fire.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Cause::Internal(cause.into()))
    }
}

/// Any error is internal, but for [`PostError::TooLarge`]: that is for the client to mend, whose message it mostly is.
impl<E: Error + Send + Sync + 'static> From<E> for RouteError {
    fn from(error: E) -> Self {
        let is_too_large = |error: &(dyn Error + 'static)| {
            error.downcast_ref::<PostError>().is_some_and(|error| matches!(error, PostError::TooLarge { .. }))
        };
        if is_too_large(&error) { Self::bad_request(error) } else { Self::internal(error) }
    }
}

/// A function error: what Lambda is told when a route could not answer. API Gateway makes 502 of it on `$connect`, the
/// `Internal server error` frame on a message, and 500 or 401 of an authorizer's.
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

    /// What an authorizer is told that gets an event of another kind. API Gateway sends none, so there is nobody to allow or to deny.
    pub(crate) fn bad_event(why: &BadEvent) -> Self {
        Self { error_type: "BadEvent", message: why.to_string() }
    }

    /// An authorizer's failure. The words in front keep it from reading `Unauthorized` by chance, which would have a meaning.
    pub(crate) fn authorizer(cause: &(dyn Error + 'static)) -> Self {
        Self { error_type: "InternalError", message: format!("the authorizer failed: {}", chain(cause)) }
    }

    /// API Gateway answers the handshake with 401 where an authorizer fails with exactly this message, and with 500 for any other.
    /// Source: API Gateway developer guide, "Control access to WebSocket APIs with AWS Lambda REQUEST authorizers".
    pub(crate) fn unauthorized() -> Self {
        Self { error_type: "Unauthorized", message: "Unauthorized".to_owned() }
    }

    /// `InternalError`, `HandlerPanicked`, and an authorizer's `Unauthorized` and `BadEvent`: these names stay, so that a metric filter may
    /// look for them.
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

/// An error and everything below it, in one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        text.push_str(": ");
        text.push_str(&error.to_string());
        below = error.source();
    }
    text
}

/// The longest text that is shown to a client or written into the log, in characters.
const LONGEST_TEXT: usize = 500;

/// A text may quote what a client sent, which may be long and may look like a line of log.
pub(crate) fn presentable(text: &str) -> String {
    let line = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut line: String = line.take(LONGEST_TEXT + 1).collect();
    if let Some((end, _)) = line.char_indices().nth(LONGEST_TEXT) {
        line.replace_range(end.., "…");
    }
    line
}
