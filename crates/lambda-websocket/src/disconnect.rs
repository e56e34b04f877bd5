//! `$disconnect`: a connection has closed.

use std::ops::Deref;

use crate::connection_id::OwnId;
use crate::connections::Connections;
use crate::context::RequestContext;
use crate::error::{Cause, FunctionError, RouteError, chain};
use crate::event::{BadEvent, Event, Kind};
use crate::response::Response;

/// A connection that has closed, whoever closed it.
///
/// API Gateway delivers this event at best effort: it may never come. Whatever must go away by itself needs a time to live.
/// Nothing can be answered here; other connections can be told through [`Disconnect::connections`].
#[derive(Clone, Debug)]
pub struct Disconnect {
    id: OwnId,
    connection: RequestContext,
}

impl Disconnect {
    pub(crate) fn new(event: Event<'_>) -> Result<Self, BadEvent> {
        let connection = event.expect(Kind::Disconnect)?.connection;
        Ok(Self { id: OwnId::of(&connection), connection })
    }

    /// The id that the connection had. It can't be posted to any more, see [`OwnId`].
    #[must_use]
    pub fn id(&self) -> &OwnId {
        &self.id
    }

    /// The `@connections` API of this stage, for those who are still there.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.connection.api()
    }

    /// The WebSocket close code: the client's own, 1005 where it gave none, 1001 after ten idle minutes, 1000 after a close through
    /// `@connections`. After two hours it is probably 1001 too; AWS does not say.
    #[must_use]
    pub fn code(&self) -> Option<u16> {
        self.raw().request_context.disconnect_status_code?.try_into().ok()
    }

    /// The reason that came with the close code, if it is not empty.
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.raw().request_context.disconnect_reason.as_deref().filter(|reason| !reason.is_empty())
    }
}

impl Deref for Disconnect {
    type Target = RequestContext;

    fn deref(&self) -> &RequestContext {
        &self.connection
    }
}

/// Nobody hears the answer, so an error of whatever kind is one of our side.
pub(crate) fn answer(result: Result<(), RouteError>) -> Result<Response, FunctionError> {
    let cause = match result {
        Ok(()) => return Ok(Response::status(200)),
        Err(RouteError(Cause::BadRequest(text) | Cause::Forbidden(text))) => text.into(),
        Err(RouteError(Cause::Internal(cause))) => cause,
    };
    tracing::error!("{}", chain(&*cause));
    Err(FunctionError::internal(&*cause))
}
