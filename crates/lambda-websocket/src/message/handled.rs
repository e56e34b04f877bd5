//! What both kinds of message route share: the session's deadline, reading the body, calling the handler, and telling whose fault a
//! failure is.

use serde_json::Value;

use super::Message;
use crate::authorize::session;
use crate::body::{Body, Text};
use crate::cause::{BoxError, chain, presentable};
use crate::connections::{MAX_PAYLOAD_BYTES, PostError};
use crate::context::RequestContext;
use crate::error::{FunctionError, Reason, Refusal, RouteError};
use crate::event::{Event, Kind};
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
    let Event { json, body, exp, context, error_frame, .. } = event.expect(Kind::Message)?;
    let caller = context.clone();
    let handled = match admitted(exp.as_ref(), &context).and_then(|()| read(body)) {
        Ok(body) => handler(Message::new(body, context)).await,
        Err(error) => Err(error),
    };
    let RouteError { reason, code } = match handled {
        Ok(answer) => return Ok(Handled::Answered(answer)),
        Err(error) => error,
    };
    let (status, text) = match reason {
        Reason::Refused { status, text } => (status, presentable(&text)),
        Reason::Internal(cause) => {
            tracing::error!("{}", chain(&*cause));
            return Err(FunctionError::internal(&*cause).into());
        }
    };
    tracing::info!(status, code = code.as_deref(), "{text}");
    let refusal = Refusal { status, code: code.as_deref(), text: &text, caller: &caller, json };
    let frame = match error_frame {
        Some(own) => own.of(&refusal),
        None => refusal.default_frame(),
    };
    let frame = frame.and_then(limited).map_err(|cause| {
        tracing::error!("no error frame: {}", chain(&*cause));
        FunctionError::internal(&*cause)
    })?;
    Ok(Handled::Refused { status, frame: Text(frame), caller })
}

/// A client whose session has ended is to connect anew, which its program learns from the code.
fn admitted(exp: Option<&Value>, event: &RequestContext) -> Result<(), RouteError> {
    match exp {
        Some(exp) if session::has_ended(exp, event)? => {
            Err(RouteError::forbidden("The session has ended: connect again").with_code("session_ended"))
        }
        _ => Ok(()),
    }
}

/// What is over the limit is our fault and not the client's, unlike a post that forwards what the client sent.
pub(super) fn limited(text: String) -> Result<String, BoxError> {
    let bytes = text.len();
    if bytes > MAX_PAYLOAD_BYTES { Err(PostError::TooLarge { bytes }.into()) } else { Ok(text) }
}

fn read<B: Body>(body: Option<String>) -> Result<B, RouteError> {
    B::read(body.unwrap_or_default()).map_err(RouteError::bad_request)
}
