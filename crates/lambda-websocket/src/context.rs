//! What every event knows of its request and its connection.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use aws_lambda_events::apigw::{ApiGatewayWebsocketProxyRequest, ApiGatewayWebsocketProxyRequestContext};

use crate::connection_id::{ConnectionId, OwnId};
use crate::connections::{Connections, Endpoint, EventSource};
use crate::event;

/// What every event knows of its request and its connection: what API Gateway calls `requestContext`, and the rest of the event.
///
/// [`Connect`](crate::Connect), [`Message`](crate::Message), [`Disconnect`](crate::Disconnect) and [`Authorize`](crate::Authorize)
/// dereference to it, so all of it is one method away. A clone is cheap.
#[derive(Clone)]
pub struct RequestContext {
    inner: Arc<Inner>,
    deadline: Option<Instant>,
}

struct Inner {
    id: OwnId,
    source: EventSource,
    head: Head,
    raw: OnceLock<Box<ApiGatewayWebsocketProxyRequest>>,
    /// What `raw` is read from if a handler asks for it.
    json: Box<str>,
}

/// What every event is asked for.
pub(crate) struct Head {
    pub(crate) request_id: Option<String>,
    pub(crate) route_key: Option<String>,
    pub(crate) connected_at: i64,
    pub(crate) request_time_epoch: i64,
}

impl RequestContext {
    pub(crate) fn new(id: ConnectionId, source: EventSource, raw: ApiGatewayWebsocketProxyRequest) -> Self {
        let context = &raw.request_context;
        let head = Head {
            request_id: context.request_id.clone(),
            route_key: context.route_key.clone(),
            connected_at: context.connected_at,
            request_time_epoch: context.request_time_epoch,
        };
        Self::of(Inner { id: OwnId::new(id), source, head, raw: Box::new(raw).into(), json: Box::default() })
    }

    /// Makes the context of an event whose other parts are read when a handler asks for them.
    pub(crate) fn lean(id: ConnectionId, source: EventSource, head: Head, json: Box<str>) -> Self {
        Self::of(Inner { id: OwnId::new(id), source, head, raw: OnceLock::new(), json })
    }

    fn of(inner: Inner) -> Self {
        Self { inner: Arc::new(inner), deadline: None }
    }

    pub(crate) fn with_deadline(self, deadline: Option<Instant>) -> Self {
        Self { deadline, ..self }
    }

    /// For this crate only, which knows when the connection is open.
    pub(crate) fn checked_id(&self) -> &ConnectionId {
        self.inner.id.checked()
    }

    fn request_context(&self) -> &ApiGatewayWebsocketProxyRequestContext {
        &self.raw().request_context
    }

    /// For this crate only: an authorizer has a context too, and may not post.
    pub(crate) fn api(&self) -> Connections {
        Connections::new(Endpoint::of(&self.inner.source, || (self.api_id(), self.stage())))
    }

    /// The connection that the event is about. It can be posted to only if the event is a message, whose own
    /// [`id`](crate::Message::id) can: see [`OwnId`].
    ///
    /// ```
    /// use lambda_websocket::RequestContext;
    ///
    /// /// What every handler may call, whatever its event is.
    /// fn audit(event: &RequestContext) -> String {
    ///     format!("{} on {}", event.id(), event.route_key())
    /// }
    /// ```
    #[must_use]
    pub fn id(&self) -> &OwnId {
        &self.inner.id
    }

    /// How long the handler may still run: what is left of the function's `Timeout`, after which Lambda ends the process. `None` if there
    /// is no deadline: in [`Route::replay`](crate::Route::replay), and under emulators that send one in the past, as `cargo lambda watch`
    /// does.
    ///
    /// API Gateway itself gives up sooner if the `Timeout` is above 29 s, or above what the integration sets.
    ///
    /// ```
    /// # use std::time::Duration;
    /// use lambda_websocket::{Message, RouteError, Text};
    ///
    /// # async fn slow_answer() -> Result<Text, RouteError> { Ok(Text::default()) }
    /// async fn handler(event: Message<Text>) -> Result<Text, RouteError> {
    ///     // Half a second is kept for the answer that says what has happened.
    ///     let limit = event.remaining().unwrap_or(Duration::MAX).saturating_sub(Duration::from_millis(500));
    ///     tokio::time::timeout(limit, slow_answer()).await?
    /// }
    /// ```
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// The id of this event; every event has a new one. API Gateway's access log and error frames have the same id.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.inner.head.request_id.as_deref()
    }

    /// The route that API Gateway chose: `$connect`, `$disconnect`, `$default` or one of your own.
    #[must_use]
    pub fn route_key(&self) -> &str {
        self.inner.head.route_key.as_deref().unwrap_or_default()
    }

    /// When the connection was made, in milliseconds since 1970; the same in every event of a connection.
    ///
    /// If an emulator leaves it out, this is the time of this event.
    #[must_use]
    pub fn connected_at_ms(&self) -> u64 {
        u64::try_from(self.inner.head.connected_at).unwrap_or_default()
    }

    /// When API Gateway received this event, in milliseconds since 1970.
    #[must_use]
    pub fn request_time_ms(&self) -> u64 {
        u64::try_from(self.inner.head.request_time_epoch).unwrap_or_default()
    }

    /// The client's address as API Gateway saw it.
    #[must_use]
    pub fn source_ip(&self) -> Option<IpAddr> {
        self.request_context().identity.source_ip.as_deref()?.parse().ok()
    }

    /// The client's `User-Agent`, if it sent one.
    #[must_use]
    pub fn user_agent(&self) -> Option<&str> {
        self.request_context().identity.user_agent.as_deref()
    }

    /// A value of the context that the `$connect` authorizer returned, see [`Allow::with_context`](crate::Allow::with_context). API Gateway
    /// turns every value into a string, and adds it to every later event of the connection. `None` in the authorizer itself.
    #[must_use]
    pub fn authorizer(&self, key: &str) -> Option<&str> {
        self.request_context().authorizer.fields.get(key)?.as_str()
    }

    /// Who the client is, according to the `$connect` authorizer: its `principalId`. `None` in the authorizer itself.
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
        self.request_context().stage.as_deref().unwrap_or_default()
    }

    /// The API's id.
    #[must_use]
    pub fn api_id(&self) -> &str {
        self.request_context().apiid.as_deref().unwrap_or_default()
    }

    /// The host that the client connected to: `{apiId}.execute-api.{region}.amazonaws.com` or a custom domain.
    #[must_use]
    pub fn domain_name(&self) -> &str {
        self.request_context().domain_name.as_deref().unwrap_or_default()
    }

    /// The whole event, for what has no method here; its type is re-exported in [`aws_lambda_events`](crate::aws_lambda_events). Its body
    /// is always `None`: a message's body is in [`Message::body`](crate::Message).
    #[must_use]
    pub fn raw(&self) -> &ApiGatewayWebsocketProxyRequest {
        self.inner.raw.get_or_init(|| Box::new(event::rest(&self.inner.json)))
    }
}

/// Leaves out the event itself: headers and query string may hold secrets.
impl fmt::Debug for RequestContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ids = (self.route_key(), self.request_id());
        f.debug_struct("RequestContext").field("id", &self.inner.id).field("ids", &ids).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_that_passes_while_the_handler_works_leaves_nothing_rather_than_none() {
        let raw = ApiGatewayWebsocketProxyRequest::default();
        let context = RequestContext::new("L0SM9cOFvHcCIhw=".parse().unwrap(), EventSource::Replay, raw);
        assert_eq!(context.remaining(), None);
        assert_eq!(context.with_deadline(Some(Instant::now())).remaining(), Some(Duration::ZERO));
    }
}
