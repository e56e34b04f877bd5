use std::fmt;
use std::ops::Deref;

use crate::body::Body;
use crate::connection_id::ConnectionId;
use crate::context::RequestContext;
use crate::event;

/// A message that was refused, for the function that makes error frames of your own shape: see
/// [`Route::error_frame`](crate::Route::error_frame).
///
/// It dereferences to [`RequestContext`], which has the request id.
pub struct Refusal<'r> {
    pub(crate) status: u16,
    pub(crate) code: Option<&'r str>,
    pub(crate) text: &'r str,
    pub(crate) caller: &'r RequestContext,
    /// The whole event. What the client sent is read from it once more if it is asked for, so that no message has to be kept in case it
    /// is refused.
    pub(crate) json: &'r str,
}

impl Refusal<'_> {
    /// 400 if the message is wrong, 403 if the client may not do what it asks for.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What [`RouteError::with_code`](crate::RouteError::with_code) says, and `session_ended` after the
    /// [session's deadline](crate::Allow::until). `None` if the body does not fit the route.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.code
    }

    /// What the client should know: one line of at most 500 characters.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text
    }

    /// The connection that sent the message.
    #[must_use]
    pub fn id(&self) -> &ConnectionId {
        self.caller.checked_id()
    }

    /// Reads what the client sent, for example to find the id that the client gave its request. It may be anything: the route may have
    /// refused it because it can't be read. As [`Text`](crate::Text) it is always there.
    ///
    /// # Errors
    /// If the message does not fit `B`.
    pub fn read<B: Body>(&self) -> Result<B, B::Error> {
        B::read(event::message(self.json))
    }
}

impl Deref for Refusal<'_> {
    type Target = RequestContext;

    fn deref(&self) -> &RequestContext {
        self.caller
    }
}

/// Leaves out what the client sent, as the types that handlers get do.
impl fmt::Debug for Refusal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { status, code, text, .. } = self;
        f.debug_struct("Refusal")
            .field("status", status)
            .field("code", code)
            .field("text", text)
            .finish_non_exhaustive()
    }
}
