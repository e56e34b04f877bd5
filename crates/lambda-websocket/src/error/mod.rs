//! What a handler's failure means for the client, for the log and for Lambda.

mod frame;
mod function_error;
mod refusal;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

pub(crate) use frame::ErrorFrame;
pub use function_error::FunctionError;
pub use refusal::Refusal;

use crate::cause::BoxError;
use crate::connections::PostError;

/// Why a message was not served. Return it, mostly through `?`:
///
/// | made by | the client gets | the log gets |
/// |---|---|---|
/// | [`RouteError::bad_request`] | an error frame with your text | INFO |
/// | [`RouteError::forbidden`] | an error frame with your text | INFO |
/// | `?` on any other error, [`RouteError::internal`] | API Gateway's own `Internal server error` frame | ERROR with the cause |
///
/// The error frame is `{"message":"…","connectionId":"…","requestId":"…"}`, the shape of API Gateway's own error frames, so that a
/// client needs to parse only one shape, with a `code` if the error [has one](Self::with_code).
/// [`Route::error_frame`](crate::Route::error_frame) sets another shape. On a two-way route the frame is the answer's body; on a one-way
/// route it is posted to the caller. [The guide to errors](crate::guide::errors) has the whole table.
///
/// Like `anyhow::Error`, this type does not implement [`std::error::Error`], so that every type that does can turn into it. For
/// errors that don't implement it either, such as `anyhow::Error` and boxed errors, write `.map_err(RouteError::internal)?`.
#[derive(Debug)]
pub struct RouteError {
    pub(crate) reason: Reason,
    pub(crate) code: Option<Cow<'static, str>>,
}

/// Why a handler did not serve its event; the same for every kind of route.
#[derive(Debug)]
pub(crate) enum Reason {
    /// The client's side: `text` says what the client can mend, or what it may not do.
    Refused { status: u16, text: String },
    /// Our side failed.
    Internal(BoxError),
}

impl Reason {
    pub(crate) fn refused(status: u16, text: impl fmt::Display) -> Self {
        Self::Refused { status, text: text.to_string() }
    }
}

impl RouteError {
    fn new(reason: Reason) -> Self {
        Self { reason, code: None }
    }

    /// The client's message is wrong; `text` tells the client what to mend. Status 400.
    pub fn bad_request(text: impl fmt::Display) -> Self {
        Self::new(Reason::refused(400, text))
    }

    /// The message is valid, but this client may not do what it asks for; `text` tells it so. Status 403.
    pub fn forbidden(text: impl fmt::Display) -> Self {
        Self::new(Reason::refused(403, text))
    }

    /// Our side failed. The cause goes to the log only, and Lambda records a function error, so that alarms on it fire.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::new(Reason::Internal(cause.into()))
    }

    /// Adds a code, by which the client's program tells this error from others: the text is for people, and may change. It is the member
    /// `code` of the error frame, and a field of the log line. A failure on our side has no error frame, so its code goes nowhere.
    ///
    /// ```
    /// # use lambda_websocket::RouteError;
    /// let error = RouteError::bad_request("All seats are taken").with_code("full");
    /// ```
    #[must_use]
    pub fn with_code(self, code: impl Into<Cow<'static, str>>) -> Self {
        Self { code: Some(code.into()), ..self }
    }
}

/// Any error is internal except [`PostError::TooLarge`], which is the client's: a message that is too large to post is nearly always
/// one that the client sent.
impl<E: Error + Send + Sync + 'static> From<E> for RouteError {
    fn from(error: E) -> Self {
        // A conversion of its own for `PostError` would overlap with this one, so its type is looked up when the program runs.
        match (&error as &dyn Error).downcast_ref() {
            Some(PostError::TooLarge { .. }) => Self::bad_request(error),
            _ => Self::internal(error),
        }
    }
}
