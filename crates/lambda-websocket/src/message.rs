//! A message from a client, on a one-way route or on one with a RouteResponse.

use std::ops::Deref;

use crate::body::{Body, Payload, Text};
use crate::connection_id::ConnectionId;
use crate::connections::{Connections, Delivery, MAX_PAYLOAD_BYTES, PostError};
use crate::context::RequestContext;
use crate::error::{Cause, FunctionError, RouteError, chain, presentable};
use crate::event::{Event, Kind};
use crate::response::{ErrorFrame, Response};
use crate::serve::Unserved;

/// A message that a client sent, its body read as `B`: [`Json`](crate::Json) of your type, or [`Text`]. Both dereference to what they
/// hold: `event.body.len()`, `event.body.dish`.
///
/// It carries neither headers nor query string: API Gateway has those only at `$connect`.
#[derive(Clone, Debug)]
pub struct Message<B> {
    /// What the client sent.
    pub body: B,
    connection: RequestContext,
}

impl<B> Message<B> {
    /// The caller's connection, which can be posted to.
    #[must_use]
    pub fn id(&self) -> &ConnectionId {
        self.connection.checked_id()
    }

    /// The `@connections` API of this stage: to post to connections, look at them and close them.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.connection.api()
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
        &self.connection
    }
}

/// Serves a route with a RouteResponse: the answer's body is the frame that the client gets, an error frame too.
pub(crate) async fn two_way<B: Body, R: Payload>(
    event: Event<'_>,
    handler: impl AsyncFnOnce(Message<B>) -> Result<R, RouteError>,
) -> Result<Response, Unserved> {
    let handler = async |message| reply_text(&handler(message).await?);
    Ok(match serve(event, handler).await? {
        Served::Well(reply) => Response::status(200).with_body(reply),
        Served::Badly { status, frame, .. } => Response::status(status).with_body(frame.0),
    })
}

/// Serves a one-way route: API Gateway drops every answer's body, so an error frame is posted to the caller.
pub(crate) async fn one_way<B: Body>(
    event: Event<'_>,
    handler: impl AsyncFnOnce(Message<B>) -> Result<(), RouteError>,
) -> Result<Response, Unserved> {
    match serve(event, handler).await? {
        Served::Well(()) => Ok(Response::status(200)),
        Served::Badly { status, frame, caller } => {
            match caller.api().post(caller.checked_id(), &frame).await {
                Ok(Delivery::Sent) => {}
                Ok(Delivery::Gone) => tracing::debug!("the caller is gone: the error frame was not delivered"),
                Err(error) => tracing::error!("the error frame was not delivered: {}", chain(&error)),
            }
            Ok(Response::status(status))
        }
    }
}

enum Served<R> {
    Well(R),
    /// The client is to be told, by `frame`.
    Badly {
        status: u16,
        frame: Text,
        caller: RequestContext,
    },
}

/// Reads the body, calls the handler, and sorts a failure by who can mend it.
async fn serve<B: Body, R>(
    event: Event<'_>,
    handler: impl AsyncFnOnce(Message<B>) -> Result<R, RouteError>,
) -> Result<Served<R>, Unserved> {
    let Event { body, connection, .. } = event.expect(Kind::Message)?;
    let caller = connection.clone();
    let served = match B::read(body.unwrap_or_default()) {
        Ok(body) => handler(Message { body, connection }).await,
        Err(fault) => Err(fault),
    };
    let (status, text) = match served {
        Ok(answer) => return Ok(Served::Well(answer)),
        Err(RouteError(Cause::BadRequest(text))) => (400, presentable(&text)),
        Err(RouteError(Cause::Forbidden(text))) => (403, presentable(&text)),
        Err(RouteError(Cause::Internal(cause))) => {
            tracing::error!("{}", chain(&*cause));
            return Err(FunctionError::internal(&*cause).into());
        }
    };
    tracing::info!(status, "{text}");
    let frame = ErrorFrame::new(&text, &caller).to_text().map_err(|error| FunctionError::internal(&error))?;
    Ok(Served::Badly { status, frame, caller })
}

fn reply_text(reply: &impl Payload) -> Result<String, RouteError> {
    let text = reply.to_text()?;
    if text.len() > MAX_PAYLOAD_BYTES {
        return Err(RouteError::internal(PostError::TooLarge { bytes: text.len() }));
    }
    Ok(text)
}
