//! A message from a client.

mod handled;
mod one_way;
mod two_way;

use std::ops::Deref;

pub use one_way::one_way;
pub use two_way::two_way;

use crate::connection_id::ConnectionId;
use crate::connections::Connections;
use crate::context::RequestContext;

/// A message that a client sent, with its body read as `B`: [`Json`](crate::Json) of your type, or [`Text`](crate::Text). Both
/// dereference to what they hold: `event.body.len()`, `event.body.dish`.
///
/// A message has neither headers nor a query string: API Gateway passes those on only at `$connect`.
#[derive(Clone, Debug)]
pub struct Message<B> {
    /// What the client sent.
    pub body: B,
    context: RequestContext,
}

impl<B> Message<B> {
    pub(crate) fn new(body: B, context: RequestContext) -> Self {
        Self { body, context }
    }

    /// The caller's connection, which can be posted to.
    #[must_use]
    pub fn id(&self) -> &ConnectionId {
        self.context.checked_id()
    }

    /// The `@connections` API of this stage: posts to connections, looks at them and closes them.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.context.api()
    }

    /// The body, and everything else as a message without one. So the body can be moved elsewhere, and its sender can still be answered.
    ///
    /// ```
    /// use lambda_websocket::{Json, Message, RouteError, Text};
    ///
    /// # async fn store(names: Vec<String>) -> Result<(), std::io::Error> { Ok(()) }
    /// async fn handler(event: Message<Json<Vec<String>>>) -> Result<(), RouteError> {
    ///     let (Json(names), event) = event.into_parts();
    ///     store(names).await?;
    ///     let _delivery = event.connections().post(event.id(), &Text::from("stored")).await?;
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn into_parts(self) -> (B, Message<()>) {
        (self.body, Message { body: (), context: self.context })
    }

    /// The id that API Gateway gave this message.
    #[must_use]
    pub fn message_id(&self) -> Option<&str> {
        self.raw().request_context.message_id.as_deref()
    }
}

impl<B> Deref for Message<B> {
    type Target = RequestContext;

    fn deref(&self) -> &RequestContext {
        &self.context
    }
}
