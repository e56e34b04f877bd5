//! `$disconnect`: a connection has closed.

use std::ops::Deref;

use crate::cause::chain;
use crate::connections::Connections;
use crate::context::RequestContext;
use crate::error::{FunctionError, Reason, RouteError};
use crate::event::{BadEvent, Event, Kind};
use crate::response::Response;
use crate::route::Route;

/// A connection that has closed, from either side.
///
/// API Gateway delivers this event at best effort: it may never come. Give what must go away a time to live as well. The handler
/// can't answer here; it can tell other connections through [`Disconnect::connections`].
#[derive(Clone, Debug)]
pub struct Disconnect(RequestContext);

/// Serves `$disconnect`. API Gateway ignores the answer, and may never call the function.
pub fn disconnect<'h>(handler: impl AsyncFn(Disconnect) -> Result<(), RouteError> + 'h) -> Route<'h> {
    Route::new(async move |event: Event<'_>| match handler(Disconnect::new(event)?).await {
        Ok(()) => Ok(Response::status(200)),
        Err(error) => Err(failure(error).into()),
    })
}

/// The client is gone and can't be told, so an error of any kind is a failure on our side.
fn failure(RouteError { reason, .. }: RouteError) -> FunctionError {
    let cause = match reason {
        Reason::Refused { text, .. } => text.into(),
        Reason::Internal(cause) => cause,
    };
    tracing::error!("{}", chain(&*cause));
    FunctionError::internal(&*cause)
}

impl Disconnect {
    pub(crate) fn new(event: Event<'_>) -> Result<Self, BadEvent> {
        Ok(Self(event.expect(Kind::Disconnect)?.context))
    }

    /// The `@connections` API of this stage, for the connections that are still open.
    #[must_use]
    pub fn connections(&self) -> Connections {
        self.0.api()
    }

    /// The WebSocket close code: the client's own, 1005 if it gave no code, 1001 after ten idle minutes, 1000 after a close through
    /// `@connections`. After two hours it is probably 1001 too, which AWS does not document.
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
        &self.0
    }
}
