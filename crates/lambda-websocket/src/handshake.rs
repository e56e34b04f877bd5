//! The HTTP request that asks for a connection.

use std::fmt;
use std::ops::Deref;

use http::HeaderValue;

use crate::context::RequestContext;
use crate::event::{BadEvent, Event, Kind};

/// The HTTP request that asks for a connection, with its query string and its headers. [`Connect`](crate::Connect) and
/// [`Authorize`](crate::Authorize) dereference to it; later events have neither query string nor headers, so keep what you need.
///
/// Everything else that an event knows is on [`RequestContext`]. `{:?}` leaves out headers and query string, because they may hold
/// secrets.
#[derive(Clone)]
pub struct Handshake(RequestContext);

impl Handshake {
    pub(crate) fn new(event: Event<'_>) -> Result<Self, BadEvent> {
        Ok(Self(event.expect(Kind::Connect)?.context))
    }

    pub(crate) fn context(&self) -> &RequestContext {
        &self.0
    }

    /// The value of a query parameter; the last one, if the URL repeats it.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<&str> {
        // Some emulators leave out one of the two maps.
        self.raw().query_string_parameters.first(name).or_else(|| self.query_all(name).last())
    }

    /// Every value of a query parameter, in the order of the URL.
    pub fn query_all(&self, name: &str) -> impl Iterator<Item = &str> {
        let (single, all) = (&self.raw().query_string_parameters, &self.raw().multi_value_query_string_parameters);
        // Some emulators leave out the map that has all values.
        all.all(name).or_else(|| single.all(name)).into_iter().flatten()
    }

    /// The value of a header; the case of `name` does not matter. `None` also if the value is not ASCII.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.raw().headers.get(name)?.to_str().ok()
    }

    /// Every value of a header; the case of `name` does not matter. Leaves out values that are not ASCII.
    pub fn header_all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.header_values(name).filter_map(|value| value.to_str().ok())
    }

    pub(crate) fn header_values(&self, name: &str) -> impl Iterator<Item = &HeaderValue> {
        let (single, all) = (&self.raw().headers, &self.raw().multi_value_headers);
        let headers = if all.contains_key(name) { all } else { single };
        headers.get_all(name).iter()
    }

    /// The subprotocols that the client offers, in the order of its preference.
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

impl Deref for Handshake {
    type Target = RequestContext;

    fn deref(&self) -> &RequestContext {
        &self.0
    }
}

impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake").field("id", self.id()).finish_non_exhaustive()
    }
}

/// A subprotocol that the client offered. Only a [`Handshake`] hands these out, so a subprotocol that was not offered can't be
/// accepted: a browser fails such a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subprotocol<'e>(&'e str);

impl<'e> Subprotocol<'e> {
    /// The name as the client wrote it.
    #[must_use]
    pub fn as_str(self) -> &'e str {
        self.0
    }
}
