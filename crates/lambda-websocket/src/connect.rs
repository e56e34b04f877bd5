//! `$connect`: a client asks to open a connection.

use std::fmt;
use std::ops::Deref;

use crate::connections::Connections;
use crate::error::{BoxError, chain, presentable};
use crate::event::{BadEvent, Event};
use crate::handshake::{Handshake, Subprotocol};
use crate::origin::AllowedOrigins;
use crate::response::Response;

/// A client that wants in. The connection opens when the handler returns [`Accept`].
///
/// What it sent is on [`Handshake`]: this is the only event of the API with the query string and the headers. Keep what you need later.
#[derive(Clone, Debug)]
pub struct Connect(Handshake);

impl Connect {
    pub(crate) fn new(event: Event<'_>) -> Result<Self, BadEvent> {
        Ok(Self(Handshake::new(event)?))
    }

    /// The `@connections` API of this stage, for connections that are open already. This one is not.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.0.connection().api()
    }

    /// Refuses, with status 403, a handshake that a browser made for a page from elsewhere: `event.check_origin(&allowed)?`.
    ///
    /// There is no CORS for WebSockets: a browser lets any page connect anywhere, with the cookies of its user, and leaves it to the
    /// server to look at `Origin`. A handshake without that header passes: every browser sends it, and whatever is no browser
    /// could send any.
    ///
    /// # Errors
    /// The [`Reject`] to return, if `Origin` is none of these.
    pub fn check_origin(&self, allowed: &AllowedOrigins) -> Result<(), Reject> {
        // A value that is not ASCII is no origin, and neither is an empty one.
        let mut origins = self.header_values("origin").map(|origin| origin.to_str().unwrap_or_default());
        match origins.find(|origin| !allowed.admits(origin)) {
            Some(origin) => Err(Reject::forbidden(format_args!("The origin {origin:?} is not allowed"))),
            None => Ok(()),
        }
    }
}

impl Deref for Connect {
    type Target = Handshake;

    fn deref(&self) -> &Handshake {
        &self.0
    }
}

/// Lets the client in: status 200.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Accept {
    subprotocol: Option<String>,
}

impl Accept {
    /// Accepts without a subprotocol. A browser that offered any then fails the connection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Accepts with the one subprotocol that both sides will speak.
    pub fn with_subprotocol(subprotocol: Subprotocol<'_>) -> Self {
        Self { subprotocol: Some(subprotocol.as_str().to_owned()) }
    }
}

impl From<Accept> for Response {
    fn from(accept: Accept) -> Self {
        let response = Self::status(200).with_body("Connected");
        match accept.subprotocol {
            Some(name) => response.with_header("Sec-WebSocket-Protocol", name),
            None => response,
        }
    }
}

/// Keeps the client out: the handshake is answered with an HTTP status and no connection opens.
///
/// Any other error turns into one through `?`: status 500, the cause in the log only. API Gateway passes the status on as it is and
/// drops the text; the text is for whoever calls the function directly.
#[derive(Debug)]
pub struct Reject(Reason);

#[derive(Debug)]
enum Reason {
    Refused { status: u16, text: String },
    Internal(BoxError),
}

impl Reject {
    /// The handshake is wrong, for example a query parameter is missing. Status 400.
    pub fn bad_request(text: impl fmt::Display) -> Self {
        Self::status::<400>(text)
    }

    /// Nobody known. Status 401.
    pub fn unauthorized(text: impl fmt::Display) -> Self {
        Self::status::<401>(text)
    }

    /// Known, and may not connect. Status 403.
    pub fn forbidden(text: impl fmt::Display) -> Self {
        Self::status::<403>(text)
    }

    /// Any status from 400 to 499; another does not compile.
    ///
    /// ```
    /// # use lambda_websocket::Reject;
    /// let full = Reject::status::<429>("The room is full");
    /// ```
    pub fn status<const STATUS: u16>(text: impl fmt::Display) -> Self {
        const { assert!(STATUS >= 400 && STATUS <= 499, "a rejection is a 4xx status") };
        Self(Reason::Refused { status: STATUS, text: text.to_string() })
    }

    /// Our side failed. Status 500; the cause goes to the log only.
    pub fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self(Reason::Internal(cause.into()))
    }
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Reject {
    fn from(error: E) -> Self {
        Self::internal(error)
    }
}

impl From<Reject> for Response {
    fn from(reject: Reject) -> Self {
        match reject.0 {
            Reason::Refused { status, text } => {
                tracing::info!(status, "refused: {}", presentable(&text));
                Self::status(status).with_body(text)
            }
            Reason::Internal(cause) => {
                tracing::error!(status = 500, "{}", chain(&*cause));
                Self::status(500).with_body("Failed to connect: the connection could not be stored")
            }
        }
    }
}

pub(crate) fn answer(verdict: Result<Accept, Reject>) -> Response {
    verdict.map_or_else(Response::from, Response::from)
}
