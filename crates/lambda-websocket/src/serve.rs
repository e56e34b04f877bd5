//! The kinds of routes, each with its handler.

use std::marker::PhantomData;

use futures_util::future::LocalBoxFuture;

use crate::authorize::{self, Allow, Authorize, Deny};
use crate::body::{Body, Payload};
use crate::connect::{self, Accept, Connect, Reject};
use crate::disconnect::{self, Disconnect};
use crate::error::{FunctionError, RouteError};
use crate::event::{BadEvent, Event};
use crate::message::{self, Message};
use crate::policy::Policy;
use crate::response::Response;

/// Why an event got no answer of the handler's.
#[derive(Debug)]
pub(crate) enum Unserved {
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

/// One kind of route, its handler's types erased.
pub(crate) trait Serve<A> {
    fn serve<'a>(&'a self, event: Event<'a>) -> LocalBoxFuture<'a, Result<A, Unserved>>;
}

pub(crate) struct OnAuthorize<H>(pub(crate) H);
pub(crate) struct OnConnect<H>(pub(crate) H);
pub(crate) struct OnDisconnect<H>(pub(crate) H);
pub(crate) struct OnOneWay<H, B>(pub(crate) H, pub(crate) PhantomData<fn(B)>);
pub(crate) struct OnTwoWay<H, B, R>(pub(crate) H, pub(crate) PhantomData<fn(B) -> R>);

impl<H: AsyncFn(Authorize) -> Result<Allow, Deny>> Serve<Policy> for OnAuthorize<H> {
    fn serve<'a>(&'a self, event: Event<'a>) -> LocalBoxFuture<'a, Result<Policy, Unserved>> {
        Box::pin(authorize::authorize(event, &self.0))
    }
}

impl<H: AsyncFn(Connect) -> Result<Accept, Reject>> Serve<Response> for OnConnect<H> {
    fn serve<'a>(&'a self, event: Event<'a>) -> LocalBoxFuture<'a, Result<Response, Unserved>> {
        Box::pin(async move { Ok(connect::answer((self.0)(Connect::new(event)?).await)) })
    }
}

impl<H: AsyncFn(Disconnect) -> Result<(), RouteError>> Serve<Response> for OnDisconnect<H> {
    fn serve<'a>(&'a self, event: Event<'a>) -> LocalBoxFuture<'a, Result<Response, Unserved>> {
        Box::pin(async move { Ok(disconnect::answer((self.0)(Disconnect::new(event)?).await)?) })
    }
}

impl<B: Body, H: AsyncFn(Message<B>) -> Result<(), RouteError>> Serve<Response> for OnOneWay<H, B> {
    fn serve<'a>(&'a self, event: Event<'a>) -> LocalBoxFuture<'a, Result<Response, Unserved>> {
        Box::pin(message::one_way(event, &self.0))
    }
}

impl<B: Body, R: Payload, H: AsyncFn(Message<B>) -> Result<R, RouteError>> Serve<Response> for OnTwoWay<H, B, R> {
    fn serve<'a>(&'a self, event: Event<'a>) -> LocalBoxFuture<'a, Result<Response, Unserved>> {
        Box::pin(message::two_way(event, &self.0))
    }
}
