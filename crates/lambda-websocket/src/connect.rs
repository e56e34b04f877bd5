//! `$connect`: a client asks to open a connection.

use std::fmt;
use std::ops::Deref;

use crate::connection::{Connection, OwnId};
use crate::error::{BoxError, chain};
use crate::event::{BadEvent, Event, Kind};
use crate::response::Response;

/// A client that wants in. The connection opens when the handler returns [`Accept`].
///
/// This is the only event with the query string and the headers of the handshake: keep what you need later. Everything else it knows
/// is on [`Connection`].
#[derive(Clone, Debug)]
pub struct Connect {
    id: OwnId,
    connection: Connection,
}

impl Connect {
    pub(crate) fn new(event: Event) -> Result<Self, BadEvent> {
        let connection = event.expect(Kind::Connect)?.connection;
        Ok(Self { id: OwnId::of(&connection), connection })
    }

    /// The id that the connection will have. It can't be posted to yet, see [`OwnId`].
    #[must_use]
    pub fn id(&self) -> &OwnId {
        &self.id
    }

    /// The value of a query parameter; the last one, if the URL repeats it.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        self.raw().query_string_parameters.first(name)
    }

    /// Every value of a query parameter, in the order of the URL.
    pub fn query_all(&self, name: &str) -> impl Iterator<Item = &str> {
        let (single, all) = (&self.raw().query_string_parameters, &self.raw().multi_value_query_string_parameters);
        // Some emulators leave out the map that has them all.
        all.all(name).or_else(|| single.all(name)).into_iter().flatten()
    }

    /// The value of a header of the handshake; the case of `name` does not matter. `None` also for a value that is not ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.raw().headers.get(name)?.to_str().ok()
    }

    /// Every value of a header of the handshake; the case of `name` does not matter.
    pub fn header_all(&self, name: &str) -> impl Iterator<Item = &str> {
        let (single, all) = (&self.raw().headers, &self.raw().multi_value_headers);
        let headers = if all.contains_key(name) { all } else { single };
        headers.get_all(name).iter().filter_map(|value| value.to_str().ok())
    }

    /// The subprotocols that the client offers, the one it likes best first.
    pub fn subprotocols(&self) -> impl Iterator<Item = Subprotocol<'_>> {
        self.header_all("sec-websocket-protocol")
            .flat_map(|names| names.split(','))
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .map(Subprotocol)
    }

    /// The subprotocol `name`, if the client offers it.
    #[must_use]
    pub fn subprotocol(&self, name: &str) -> Option<Subprotocol<'_>> {
        self.subprotocols().find(|offered| offered.0 == name)
    }
}

impl Deref for Connect {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

/// A subprotocol that the client offered. Only [`Connect`] hands one out, so none can be accepted that was not offered: a browser
/// fails such a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subprotocol<'e>(&'e str);

impl<'e> Subprotocol<'e> {
    /// The name as the client wrote it.
    #[must_use]
    pub fn as_str(self) -> &'e str {
        self.0
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
        Self { subprotocol: Some(subprotocol.0.to_owned()) }
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
                tracing::info!(status, "refused: {text}");
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
