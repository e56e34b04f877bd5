//! What a function returns to API Gateway.

use std::collections::BTreeMap;

use serde::Serialize;

/// A Lambda proxy response: `{"statusCode":…,"headers":…,"body":…}`.
///
/// Handlers don't make it; [`Route::replay`](crate::Route::replay) returns it to tests. API Gateway treats an answer
/// with any other key as malformed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Response {
    status_code: u16,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    headers: BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
}

impl Response {
    pub(crate) fn status(status_code: u16) -> Self {
        Self { status_code, headers: BTreeMap::new(), body: None }
    }

    pub(crate) fn with_body(mut self, body: impl Into<String>) -> Self {
        self.body = Some(body.into());
        self
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: String) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The HTTP status. API Gateway uses it only on `$connect`, where it answers the handshake.
    #[must_use]
    pub fn status_code(&self) -> u16 {
        self.status_code
    }

    /// The body. API Gateway sends it to the client on a two-way route, and drops it on every other.
    #[must_use]
    pub fn body(&self) -> Option<&str> {
        self.body.as_deref()
    }

    /// A header, by its name as the function spells it. API Gateway uses only `Sec-WebSocket-Protocol`, on `$connect`.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}
