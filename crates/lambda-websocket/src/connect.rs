//! `$connect`: a client asks to open a connection.

use std::error::Error;
use std::fmt;
use std::ops::Deref;

use crate::cause::{chain, presentable};
use crate::connections::Connections;
use crate::error::Reason;
use crate::event::{BadEvent, Event};
use crate::handshake::{Handshake, Subprotocol};
use crate::origin::AllowedOrigins;
use crate::response::Response;
use crate::route::Route;

/// A client that asks to connect. The connection opens when the handler returns [`Accept`].
///
/// What the client sent is on [`Handshake`]: no later event has the query string and the headers, so keep what you need.
#[derive(Clone, Debug)]
pub struct Connect(Handshake);

/// Serves `$connect`: the connection opens on [`Accept`], and the handshake fails with an HTTP status on [`Reject`].
///
/// ```no_run
/// use lambda_websocket::{Accept, Connect, Error, Reject, connect};
///
/// async fn handler(event: Connect) -> Result<Accept, Reject> {
///     match event.query("token") {
///         Some("let me in") => Ok(Accept::new()),
///         _ => Err(Reject::unauthorized("who are you?")),
///     }
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), Error> {
///     connect(handler).run().await
/// }
/// ```
pub fn connect<'h>(handler: impl AsyncFn(Connect) -> Result<Accept, Reject> + 'h) -> Route<'h> {
    Route::new(async move |event: Event<'_>| {
        let verdict = handler(Connect::new(event)?).await;
        Ok(verdict.map_or_else(Response::from, Response::from))
    })
}

impl Connect {
    pub(crate) fn new(event: Event<'_>) -> Result<Self, BadEvent> {
        Ok(Self(Handshake::new(event)?))
    }

    /// The `@connections` API of this stage, for connections that are open already. This one is not.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.0.context().api()
    }

    /// Rejects, with status 403, a handshake that a browser made for a page of another origin: `event.check_origin(&allowed)?`.
    ///
    /// WebSockets have no CORS: a browser lets any page connect anywhere, with its user's cookies, and leaves it to the server to look
    /// at `Origin`. A handshake without that header passes: every browser sends the header, and clients other than browsers could send
    /// any value.
    ///
    /// # Errors
    /// The [`Reject`] to return, if `Origin` is not one of these.
    pub fn check_origin(&self, allowed: &AllowedOrigins) -> Result<(), Reject> {
        // A value that is not ASCII is not an origin, and neither is an empty one.
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

    /// Accepts with the subprotocol that both sides will speak.
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

/// Keeps the client out: API Gateway answers the handshake with an HTTP status and opens no connection.
///
/// Any other error turns into a `Reject` through `?`: status 500, with the cause in the log only. API Gateway passes the status on as it
/// is and drops the text; the text is for callers that invoke the function directly.
#[derive(Debug)]
pub struct Reject(Reason);

impl Reject {
    /// The handshake is wrong, for example a query parameter is missing. Status 400.
    pub fn bad_request(text: impl fmt::Display) -> Self {
        Self::status::<400>(text)
    }

    /// The client is not authenticated. Status 401.
    pub fn unauthorized(text: impl fmt::Display) -> Self {
        Self::status::<401>(text)
    }

    /// The client is known, and may not connect. Status 403.
    pub fn forbidden(text: impl fmt::Display) -> Self {
        Self::status::<403>(text)
    }

    /// Any status from 400 to 499. Another does not compile: status 200 would let the client in.
    ///
    /// ```
    /// # use lambda_websocket::Reject;
    /// let full = Reject::status::<429>("The room is full");
    /// ```
    pub fn status<const STATUS: u16>(text: impl fmt::Display) -> Self {
        const { assert!(STATUS >= 400 && STATUS <= 499, "a rejection is a 4xx status") };
        Self(Reason::refused(STATUS, text))
    }

    /// Our side failed. Status 500; the cause goes to the log only.
    pub fn internal(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(Reason::Internal(cause.into()))
    }
}

impl<E: Error + Send + Sync + 'static> From<E> for Reject {
    fn from(error: E) -> Self {
        Self::internal(error)
    }
}

impl From<Reject> for Response {
    fn from(Reject(reason): Reject) -> Self {
        match reason {
            Reason::Refused { status, text } => {
                tracing::info!(status, "refused: {}", presentable(&text));
                Self::status(status).with_body(text)
            }
            Reason::Internal(cause) => {
                tracing::error!(status = 500, "{}", chain(&*cause));
                Self::status(500).with_body("Failed to connect: internal error")
            }
        }
    }
}
