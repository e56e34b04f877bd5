//! What a binary runs.

use std::any::Any;
use std::fmt;
use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use lambda_runtime::{LambdaEvent, service_fn};
use serde::Serialize;
use serde_json::value::RawValue;
use tracing::Instrument;

use crate::authorize::{Allow, Authorize, Deny};
use crate::body::{Body, Payload};
use crate::connect::{Accept, Connect, Reject};
use crate::connections::endpoint::EventSource;
use crate::disconnect::Disconnect;
use crate::error::{FunctionError, RouteError};
use crate::event::{BadEvent, Event, Refused};
use crate::log::init_log;
use crate::message::Message;
use crate::policy::Policy;
use crate::response::Response;
use crate::serve::{OnAuthorize, OnConnect, OnDisconnect, OnOneWay, OnTwoWay, Serve, Unserved};

/// What [`Route::run`] ends with when the runtime itself fails.
pub type Error = lambda_runtime::Error;

/// A route with its handler: what a Lambda function's `main` runs.
///
/// Made by [`connect`], [`disconnect`], [`one_way`], [`two_way`], or by [`Routes`](crate::Routes) for several route keys in one
/// function; and by [`authorize`], whose answer `A` is a [`Policy`].
#[must_use = "a route serves nothing until it is run"]
pub struct Route<'h, A = Response> {
    serve: Box<dyn Serve<A> + 'h>,
    /// What is answered to an event that can't be served.
    refuse: fn(&BadEvent) -> Result<A, FunctionError>,
}

/// Serves `$connect`: the socket opens on [`Accept`], and the handshake fails with an HTTP status on [`Reject`].
///
/// ```no_run
/// use lambda_websocket::{Accept, Connect, Error, Reject, connect};
///
/// async fn handler(event: Connect) -> Result<Accept, Reject> {
///     match event.query("token") {
///         Some("let me in") => Ok(Accept::new()),
///         _ => Err(Reject::unauthorized("who are you?")),
///     }
/// }
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), Error> {
///     connect(handler).run().await
/// }
/// ```
pub fn connect<'h>(handler: impl AsyncFn(Connect) -> Result<Accept, Reject> + 'h) -> Route<'h> {
    Route::new(OnConnect(handler))
}

/// Serves `$disconnect`. API Gateway ignores the answer, and may never call.
pub fn disconnect<'h>(handler: impl AsyncFn(Disconnect) -> Result<(), RouteError> + 'h) -> Route<'h> {
    Route::new(OnDisconnect(handler))
}

/// Serves messages on a one-way route, which is every route without a RouteResponse: the answer goes nowhere, and what the client
/// should see is posted to [`@connections`](crate::Connections).
///
/// An answer does not compile, because it would never arrive:
///
/// ```compile_fail
/// use lambda_websocket::{Message, RouteError, Text, one_way};
///
/// let route = one_way(async |event: Message<Text>| Ok::<Text, RouteError>(event.body));
/// ```
pub fn one_way<'h, B: Body + 'h>(handler: impl AsyncFn(Message<B>) -> Result<(), RouteError> + 'h) -> Route<'h> {
    Route::new(OnOneWay(handler, PhantomData))
}

/// Serves messages on a route that has a RouteResponse: what the handler returns is the frame that the client gets.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use lambda_websocket::{Message, Text, two_way};
///
/// let route = two_way(async |event: Message<Text>| Ok(Text(event.body.to_uppercase())));
///
/// let event = r#"{
///     "requestContext": {
///         "routeKey": "$default", "eventType": "MESSAGE", "connectionId": "L0SM9cOFvHcCIhw=",
///         "connectedAt": 1762426800123, "requestTimeEpoch": 1762426804011
///     },
///     "body": "hello"
/// }"#;
/// assert_eq!(route.replay(event).await?.body(), Some("HELLO"));
/// # Ok::<(), lambda_websocket::FunctionError>(()) }).unwrap();
/// ```
pub fn two_way<'h, B: Body + 'h, R: Payload + 'h>(
    handler: impl AsyncFn(Message<B>) -> Result<R, RouteError> + 'h,
) -> Route<'h> {
    Route::new(OnTwoWay(handler, PhantomData))
}

/// Serves as the REQUEST authorizer of `$connect`, in a function of its own that API Gateway asks before it calls `$connect`.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use lambda_websocket::{Allow, Authorize, Deny, authorize};
///
/// async fn handler(event: Authorize) -> Result<Allow, Deny> {
///     match event.query("token") {
///         Some("let me in") => Ok(Allow::new("alice").with_context("admin", true)),
///         _ => Err(Deny::unauthorized("no good token")),
///     }
/// }
///
/// # let event = r#"{"type":"REQUEST","methodArn":"arn:aws:execute-api:eu-west-1:123456789012:abcd123456/prod/$connect",
/// #   "queryStringParameters":{"token":"let me in"},"requestContext":{"eventType":"CONNECT","connectionId":"L0SM9cOFvHcCIhw=",
/// #   "connectedAt":0,"requestTimeEpoch":0}}"#;
/// assert!(authorize(handler).replay(event).await?.allows());
/// # Ok::<(), lambda_websocket::FunctionError>(()) }).unwrap();
/// ```
///
/// | the handler's outcome | the answer to API Gateway | the client gets |
/// |---|---|---|
/// | [`Allow`] | a policy that allows this handshake and nothing else | what `$connect` answers |
/// | [`Deny::forbidden`] | the same policy, denying | 403 |
/// | [`Deny::unauthorized`] | the function error `Unauthorized` | 401 |
/// | `?` on any error, a panic, an event that is none, an answer over 8 KB | another function error | 500 |
///
/// So whatever goes wrong, nobody is let in.
pub fn authorize<'h>(handler: impl AsyncFn(Authorize) -> Result<Allow, Deny> + 'h) -> Route<'h, Policy> {
    Route { serve: Box::new(OnAuthorize(handler)), refuse: |why| Err(FunctionError::bad_event(why)) }
}

impl<'h> Route<'h> {
    pub(crate) fn new(serve: impl Serve<Response> + 'h) -> Self {
        Self { serve: Box::new(serve), refuse: |why| Ok(Response::status(400).with_body(why.to_string())) }
    }

    pub(crate) fn into_serve(self) -> Box<dyn Serve<Response> + 'h> {
        self.serve
    }
}

impl<A: Serialize> Route<'_, A> {
    /// Serves Lambda's invocations until Lambda ends the process.
    ///
    /// Logs go to standard output as Lambda's logging settings say, see [`init_log`](crate::init_log()), unless `main` has set a `tracing`
    /// subscriber of its own. Every line within a handler has `requestId`, `connectionId` and `routeKey` in the span `route`; they are
    /// API Gateway's, while the `requestId` of the span around it is Lambda's own for the invocation.
    ///
    /// Events are served one after the other, as Lambda delivers them to an instance; handlers may borrow, so a route is not `Send`.
    ///
    /// # Errors
    /// If Lambda's Runtime API can't be reached. A handler's errors don't end the process.
    ///
    /// # Panics
    /// Outside of Lambda: `lambda_runtime` panics if the variables that Lambda sets are missing.
    pub async fn run(self) -> Result<(), Error> {
        init_log();
        let route = &self;
        lambda_runtime::run(service_fn(async move |invocation: LambdaEvent<Box<RawValue>>| {
            let LambdaEvent { payload, context } = invocation;
            route.handle(payload.get(), &context.request_id, EventSource::ApiGateway).await
        }))
        .await
    }

    /// Serves one event as Lambda would deliver it, for tests and sample events.
    ///
    /// What the handler posts to `@connections` goes to `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI`. If that is not set, posts fail with
    /// an error that says so: a replay never talks to the API that an event came from.
    ///
    /// # Errors
    /// What Lambda would report as a function error: a failure on our side, or a panic.
    pub async fn replay(&self, json: &str) -> Result<A, FunctionError> {
        self.handle(json, "replay", EventSource::Replay).await
    }

    async fn handle(&self, json: &str, invocation_id: &str, origin: EventSource) -> Result<A, FunctionError> {
        let event = match parse(json, origin)? {
            Ok(event) => event,
            Err(Refused { why, request_id }) => {
                return self.refuse(&why, request_id.as_deref().unwrap_or(invocation_id));
            }
        };
        let connection = event.connection.clone();
        let request_id = connection.request_id().unwrap_or(invocation_id);
        let span = tracing::error_span!(
            "route",
            requestId = request_id,
            connectionId = connection.checked_id().as_str(),
            routeKey = connection.route_key(),
        );
        match self.serve_or_catch(event).instrument(span).await {
            Ok(answer) => Ok(answer),
            Err(Unserved::Event(why)) => self.refuse(&why, request_id),
            Err(Unserved::Function(error)) => Err(error),
        }
    }

    fn refuse(&self, why: &BadEvent, request_id: &str) -> Result<A, FunctionError> {
        match why {
            BadEvent::Malformed(detail) => tracing::error!(requestId = request_id, detail, "{why}"),
            _ => tracing::error!(requestId = request_id, "{why}"),
        }
        (self.refuse)(why)
    }

    /// A panic ends the invocation and not the process: the next event finds a working function.
    async fn serve_or_catch(&self, event: Event<'_>) -> Result<A, Unserved> {
        // A handler only borrows what it shares, so nothing of ours is left half-changed by an unwinding one.
        match AssertUnwindSafe(async { self.serve.serve(event).await }).catch_unwind().await {
            Ok(outcome) => outcome,
            Err(panic) => {
                let message = panic_message(&*panic);
                tracing::error!("the handler panicked: {message}");
                Err(FunctionError::panic(&message).into())
            }
        }
    }
}

impl<A> fmt::Debug for Route<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").finish_non_exhaustive()
    }
}

/// A library that panics over an event ends the invocation, too, and not the process.
fn parse(json: &str, origin: EventSource) -> Result<Result<Event<'_>, Refused>, FunctionError> {
    std::panic::catch_unwind(AssertUnwindSafe(|| Event::parse(json, origin))).map_err(|panic| {
        let message = panic_message(&*panic);
        tracing::error!("the event could not be read: {message}");
        FunctionError::panic(&message)
    })
}

fn panic_message(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}
