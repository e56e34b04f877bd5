//! How a route calls its handler once the handler's types are erased.

use futures_util::future::LocalBoxFuture;

use crate::error::FunctionError;
use crate::event::{BadEvent, Event};

/// Answers one event with an `A`. Each kind of route is a closure around its handler.
pub(crate) trait Serve<A> {
    fn serve<'a>(&'a self, event: Event<'a>) -> LocalBoxFuture<'a, Result<A, Unserved>>;
}

impl<A, F: AsyncFn(Event<'_>) -> Result<A, Unserved>> Serve<A> for F {
    fn serve<'a>(&'a self, event: Event<'a>) -> LocalBoxFuture<'a, Result<A, Unserved>> {
        Box::pin(self(event))
    }
}

/// Why the handler gave an event no answer.
#[derive(Debug)]
pub(crate) enum Unserved {
    /// The event is not for this route: the handler was not called.
    Event(BadEvent),
    Function(FunctionError),
}

impl From<BadEvent> for Unserved {
    fn from(why: BadEvent) -> Self {
        Self::Event(why)
    }
}

impl From<FunctionError> for Unserved {
    fn from(error: FunctionError) -> Self {
        Self::Function(error)
    }
}
