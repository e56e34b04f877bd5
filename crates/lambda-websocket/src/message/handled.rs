//! What both kinds of message route share: reading the body, calling the handler, and telling whose fault a failure is.

use super::Message;
use crate::body::{Body, Text};
use crate::cause::{chain, presentable};
use crate::context::RequestContext;
use crate::error::{FunctionError, Reason, RouteError};
use crate::event::{Event, Kind};
use crate::response::ErrorFrame;
use crate::serve::Unserved;

pub(super) enum Handled<R> {
    Answered(R),
    /// The client must be told, by `frame`.
    Refused {
        status: u16,
        frame: Text,
        caller: RequestContext,
    },
}

pub(super) async fn handle<B: Body, R>(
    event: Event<'_>,
    handler: impl AsyncFnOnce(Message<B>) -> Result<R, RouteError>,
) -> Result<Handled<R>, Unserved> {
    let Event { body, context, .. } = event.expect(Kind::Message)?;
    let caller = context.clone();
    let handled = match B::read(body.unwrap_or_default()) {
        Ok(body) => handler(Message { body, context }).await,
        Err(fault) => Err(RouteError::bad_request(fault)),
    };
    let (status, text) = match handled {
        Ok(answer) => return Ok(Handled::Answered(answer)),
        Err(RouteError(Reason::Refused { status, text })) => (status, presentable(&text)),
        Err(RouteError(Reason::Internal(cause))) => {
            tracing::error!("{}", chain(&*cause));
            return Err(FunctionError::internal(&*cause).into());
        }
    };
    tracing::info!(status, "{text}");
    let frame = ErrorFrame::new(&text, &caller).to_text().map_err(|error| FunctionError::internal(&error))?;
    Ok(Handled::Refused { status, frame, caller })
}
