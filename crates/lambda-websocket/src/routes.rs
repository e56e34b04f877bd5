//! Several route keys in one function.

use std::collections::HashMap;
use std::fmt;

use futures_util::future::LocalBoxFuture;

use crate::body::{Body, Payload};
use crate::connect::{Accept, Connect, Reject, connect};
use crate::disconnect::{Disconnect, disconnect};
use crate::error::{ErrorFrame, Refusal, RouteError};
use crate::event::{BadEvent, Event};
use crate::message::{Message, one_way, two_way};
use crate::response::Response;
use crate::route::{Error, Route};
use crate::serve::{Serve, Unserved};

/// Several routes in one function, told apart by their route key. An event of a route that is not here gets status 400.
///
/// ```no_run
/// use lambda_websocket::{Accept, Connect, Disconnect, Error, Json, Message, Routes, Text};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), Error> {
///     let greeting = String::from("welcome"); // handlers may borrow from here
///     Routes::new()
///         .connect(async |_: Connect| Ok(Accept::new()))
///         .disconnect(async |_: Disconnect| Ok(()))
///         .two_way("$default", async |_: Message<Text>| Ok(Text(greeting.clone())))
///         .run()
///         .await
/// }
/// ```
#[derive(Default)]
#[must_use = "routes serve nothing until they are run"]
pub struct Routes<'h> {
    by_key: HashMap<String, Box<dyn Serve<Response> + 'h>>,
    error_frame: Option<ErrorFrame<'h>>,
}

impl<'h> Routes<'h> {
    /// No routes yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds `$connect`, see [`connect`](crate::connect()).
    ///
    /// # Panics
    /// If the route is there already, as do all methods that add a route.
    #[track_caller]
    pub fn connect(self, handler: impl AsyncFn(Connect) -> Result<Accept, Reject> + 'h) -> Self {
        self.add("$connect", connect(handler))
    }

    /// Adds `$disconnect`, see [`disconnect`](crate::disconnect()).
    #[track_caller]
    pub fn disconnect(self, handler: impl AsyncFn(Disconnect) -> Result<(), RouteError> + 'h) -> Self {
        self.add("$disconnect", disconnect(handler))
    }

    /// Adds a one-way route, see [`one_way`](crate::one_way()).
    #[track_caller]
    pub fn one_way<B: Body + 'h>(
        self,
        route_key: &str,
        handler: impl AsyncFn(Message<B>) -> Result<(), RouteError> + 'h,
    ) -> Self {
        self.add(route_key, one_way(handler))
    }

    /// Adds a two-way route, see [`two_way`](crate::two_way()).
    #[track_caller]
    pub fn two_way<B: Body + 'h, R: Payload + 'h>(
        self,
        route_key: &str,
        handler: impl AsyncFn(Message<B>) -> Result<R, RouteError> + 'h,
    ) -> Self {
        self.add(route_key, two_way(handler))
    }

    /// Tells clients of refused messages in a shape of your own, on all routes that are here: see [`Route::error_frame`].
    pub fn error_frame<P: Payload>(mut self, frame: impl Fn(&Refusal<'_>) -> P + 'h) -> Self {
        self.error_frame = Some(ErrorFrame::new(frame));
        self
    }

    /// Serves Lambda's invocations, see [`Route::run`].
    ///
    /// # Errors
    /// Those of [`Route::run`].
    pub async fn run(self) -> Result<(), Error> {
        Route::from(self).run().await
    }

    /// All of them as one route, for [`Route::replay`].
    pub fn into_route(mut self) -> Route<'h> {
        match self.error_frame.take() {
            Some(frame) => frame.around(Box::new(self)),
            None => Route::new(self),
        }
    }

    #[track_caller]
    fn add(mut self, route_key: &str, route: Route<'h>) -> Self {
        let twin = self.by_key.insert(route_key.to_owned(), route.into_serve());
        assert!(twin.is_none(), "the route `{route_key}` is there already");
        self
    }
}

impl<'h> From<Routes<'h>> for Route<'h> {
    fn from(routes: Routes<'h>) -> Self {
        routes.into_route()
    }
}

impl Serve<Response> for Routes<'_> {
    fn serve<'a>(&'a self, event: Event<'a>) -> LocalBoxFuture<'a, Result<Response, Unserved>> {
        match self.by_key.get(event.context.route_key()) {
            Some(route) => route.serve(event),
            None => Box::pin(async { Err(BadEvent::UnknownRouteKey.into()) }),
        }
    }
}

impl fmt::Debug for Routes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_key.keys()).finish()
    }
}
