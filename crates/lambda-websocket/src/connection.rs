//! Connection ids, and what every event knows of the connection that it came over.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::{Arc, OnceLock};

use aws_lambda_events::apigw::{ApiGatewayWebsocketProxyRequest, ApiGatewayWebsocketProxyRequestContext};
use serde::{Deserialize, Serialize};

use crate::connections::Connections;
use crate::connections::endpoint::{Endpoint, Origin};
use crate::event;

/// The id that API Gateway gave a connection, checked: 1 to 128 characters of the URL-safe base64 alphabet, then at most two `=`.
///
/// API Gateway's own ids have 15 such characters and one `=`, for example `L0SM9cOFvHcCIhw=`. Nothing else can become a
/// `ConnectionId`, so one can go into a URL path or a table key as it is.
///
/// ```
/// use lambda_websocket::ConnectionId;
///
/// assert!("L0SM9cOFvHcCIhw=".parse::<ConnectionId>().is_ok());
/// assert!("../../other-stage".parse::<ConnectionId>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ConnectionId(String);

/// A text that is no connection id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a connection id: it must be 1 to 128 characters of the URL-safe base64 alphabet with `=` only as padding")]
#[non_exhaustive]
pub struct InvalidConnectionId;

impl ConnectionId {
    const MAX_LENGTH: usize = 128;

    /// The id as API Gateway writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_valid(text: &str) -> bool {
        let digits = text.trim_end_matches('=');
        !digits.is_empty()
            && text.len() <= Self::MAX_LENGTH
            && text.len() - digits.len() <= 2
            && digits.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    }
}

impl TryFrom<String> for ConnectionId {
    type Error = InvalidConnectionId;

    fn try_from(text: String) -> Result<Self, InvalidConnectionId> {
        if Self::is_valid(&text) { Ok(Self(text)) } else { Err(InvalidConnectionId) }
    }
}

impl FromStr for ConnectionId {
    type Err = InvalidConnectionId;

    fn from_str(text: &str) -> Result<Self, InvalidConnectionId> {
        text.to_owned().try_into()
    }
}

impl AsRef<str> for ConnectionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Everybody but the connection that is opening or has closed: `ids.filter(|id| id != event.id())`.
impl PartialEq<OwnId> for ConnectionId {
    fn eq(&self, own: &OwnId) -> bool {
        *self == own.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of the very connection that is opening (`$connect`) or has closed (`$disconnect`).
///
/// It can be shown and it is a key of the [`Registry`](crate::Registry), but it can't be posted to: before the `$connect` handler
/// has answered and after the connection has closed, API Gateway answers such a post with 410
/// (API Gateway developer guide, "Use @connections commands in your backend service").
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnId(ConnectionId);

impl OwnId {
    pub(crate) fn of(connection: &Connection) -> Self {
        Self(connection.checked_id().clone())
    }

    /// The id as API Gateway writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for OwnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for OwnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What every event knows of its connection. [`Connect`](crate::Connect), [`Message`](crate::Message),
/// [`Disconnect`](crate::Disconnect) and [`Authorize`](crate::Authorize) dereference to it, so all of it is one method away. A clone is
/// cheap.
#[derive(Clone)]
pub struct Connection(Arc<Inner>);

struct Inner {
    id: ConnectionId,
    origin: Origin,
    head: Head,
    raw: OnceLock<Box<ApiGatewayWebsocketProxyRequest>>,
    /// What `raw` is made of, if it is not there yet.
    json: Box<str>,
}

/// What is asked of every event.
pub(crate) struct Head {
    pub(crate) request_id: Option<String>,
    pub(crate) route_key: Option<String>,
    pub(crate) connected_at: i64,
    pub(crate) request_time_epoch: i64,
}

impl Connection {
    pub(crate) fn new(id: ConnectionId, origin: Origin, raw: ApiGatewayWebsocketProxyRequest) -> Self {
        let context = &raw.request_context;
        let head = Head {
            request_id: context.request_id.clone(),
            route_key: context.route_key.clone(),
            connected_at: context.connected_at,
            request_time_epoch: context.request_time_epoch,
        };
        Self(Arc::new(Inner { id, origin, head, raw: Box::new(raw).into(), json: Box::default() }))
    }

    /// Of an event whose other parts are read when they are asked for.
    pub(crate) fn lean(id: ConnectionId, origin: Origin, head: Head, json: Box<str>) -> Self {
        Self(Arc::new(Inner { id, origin, head, raw: OnceLock::new(), json }))
    }

    /// For the crate only: to its user the id of a connection that is not open is an [`OwnId`].
    pub(crate) fn checked_id(&self) -> &ConnectionId {
        &self.0.id
    }

    fn context(&self) -> &ApiGatewayWebsocketProxyRequestContext {
        &self.raw().request_context
    }

    /// For the crate only: an authorizer knows its connection and may not post.
    pub(crate) fn api(&self) -> Connections {
        Connections::new(Endpoint::of(self.0.origin, self))
    }

    /// The id of this event, new for each. API Gateway's access log and error frames carry the same.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.head.request_id.as_deref()
    }

    /// The route that API Gateway chose: `$connect`, `$disconnect`, `$default` or one of your own.
    #[must_use]
    pub fn route_key(&self) -> &str {
        self.0.head.route_key.as_deref().unwrap_or_default()
    }

    /// When the connection was made, in milliseconds since 1970; the same in every event of a connection.
    ///
    /// An emulator may leave it out. Then it is the time of this event.
    #[must_use]
    pub fn connected_at_ms(&self) -> u64 {
        u64::try_from(self.0.head.connected_at).unwrap_or_default()
    }

    /// When API Gateway received this event, in milliseconds since 1970.
    #[must_use]
    pub fn request_time_ms(&self) -> u64 {
        u64::try_from(self.0.head.request_time_epoch).unwrap_or_default()
    }

    /// The client's address as API Gateway saw it.
    #[must_use]
    pub fn source_ip(&self) -> Option<IpAddr> {
        self.context().identity.source_ip.as_deref()?.parse().ok()
    }

    /// The client's `User-Agent`, if it sent one.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.context().identity.user_agent.as_deref()
    }

    /// One value of the context that the `$connect` authorizer returned, see [`Allow::with_context`](crate::Allow::with_context). API
    /// Gateway turns every value into a string, and adds it to every later event of the connection. `None` in the authorizer itself.
    #[must_use]
    pub fn authorizer(&self, key: &str) -> Option<&str> {
        self.context().authorizer.fields.get(key)?.as_str()
    }

    /// Who the `$connect` authorizer says this is: its `principalId`. `None` in the authorizer itself.
    #[must_use]
    pub fn principal_id(&self) -> Option<&str> {
        self.authorizer("principalId")
    }

    /// A variable of the stage.
    #[must_use]
    pub fn stage_variable(&self, name: &str) -> Option<&str> {
        self.raw().stage_variables.get(name).map(String::as_str)
    }

    /// The stage's name, for example `prod`.
    #[must_use]
    pub fn stage(&self) -> &str {
        self.context().stage.as_deref().unwrap_or_default()
    }

    /// The API's id.
    #[must_use]
    pub fn api_id(&self) -> &str {
        self.context().apiid.as_deref().unwrap_or_default()
    }

    /// The host that the client connected to: `{apiId}.execute-api.{region}.amazonaws.com` or a custom domain.
    #[must_use]
    pub fn domain_name(&self) -> &str {
        self.context().domain_name.as_deref().unwrap_or_default()
    }

    /// The whole event, for what has no method here; its type is re-exported in [`aws_lambda_events`](crate::aws_lambda_events). Only a
    /// message's body is not in it but in [`Message::body`](crate::Message).
    #[must_use]
    pub fn raw(&self) -> &ApiGatewayWebsocketProxyRequest {
        self.0.raw.get_or_init(|| Box::new(event::raw(&self.0.json)))
    }
}

/// Without the event itself: a body, a query or headers may have secrets in them.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = (self.route_key(), self.request_id());
        f.debug_struct("Connection").field("id", &self.0.id).field("ids", &ids).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_url_safe_base64_with_padding_at_its_end() {
        let longest = "a".repeat(128);
        for good in ["L0SM9cOFvHcCIhw=", "eHrdFcnvvHcCE-w=", "JC1dgf9yoAMCK-g=", "a", "_-", "ab==", &longest] {
            assert!(good.parse::<ConnectionId>().is_ok(), "{good}");
        }
        let too_long = "a".repeat(129);
        for bad in ["", "=", "a===", "a=b", "../x", "a/b", "a b", "a%3D", "é", "a\n", "a+b", &too_long] {
            assert!(bad.parse::<ConnectionId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn deserialising_validates_too() {
        assert!(serde_json::from_str::<ConnectionId>(r#""abc=""#).is_ok());
        assert!(serde_json::from_str::<ConnectionId>(r#""../x""#).is_err());
    }
}
