//! The value that a function's binary runs.

use std::any::Any;
use std::fmt;
use std::panic::AssertUnwindSafe;
use std::time::Instant;

use futures_util::FutureExt;
use serde::Serialize;
use tracing::Instrument;

use crate::authorize::Policy;
use crate::connections::{Connections, EventSource};
use crate::error::FunctionError;
use crate::event::{BadEvent, Event, Refused};
use crate::log::init_log;
use crate::response::Response;
use crate::serve::{Serve, Unserved};

/// What [`Route::run`] ends with when the runtime itself fails.
pub type Error = lambda_runtime::Error;

/// A route with its handler: what a Lambda function's `main` runs.
///
/// Made by [`connect`](crate::connect()), [`disconnect`](crate::disconnect()), [`one_way`](crate::one_way()) and
/// [`two_way`](crate::two_way()), by [`Routes`](crate::Routes) for several route keys in one function, and by
/// [`authorize`](crate::authorize()), whose answer `A` is a [`Policy`].
///
/// A reference to a route is a `tower` service of Lambda's events: see [the guide](crate::guide::service).
#[must_use = "a route serves nothing until it is run"]
pub struct Route<'h, A = Response> {
    serve: Box<dyn Serve<A> + 'h>,
    /// The answer to an event that can't be served.
    refuse: fn(&BadEvent) -> Result<A, FunctionError>,
}

impl<'h> Route<'h> {
    pub(crate) fn new(serve: impl Serve<Response> + 'h) -> Self {
        Self { serve: Box::new(serve), refuse: |why| Ok(Response::status(400).with_body(why.to_string())) }
    }

    pub(crate) fn into_serve(self) -> Box<dyn Serve<Response> + 'h> {
        self.serve
    }
}

impl<'h> Route<'h, Policy> {
    pub(crate) fn authorizer(serve: impl Serve<Policy> + 'h) -> Self {
        Self { serve: Box::new(serve), refuse: |why| Err(FunctionError::bad_event(why)) }
    }
}

impl<A: Serialize> Route<'_, A> {
    /// Serves Lambda's invocations until Lambda ends the process.
    ///
    /// Logs go to standard output as Lambda's logging settings say, see [`init_log`](crate::init_log()), unless `main` has set a `tracing`
    /// subscriber of its own. Every log line within a handler has `requestId`, `connectionId` and `routeKey` in the span `route`. They are
    /// API Gateway's; the `requestId` of the span around it is Lambda's id of the invocation.
    ///
    /// Events are served one after the other, as Lambda delivers them to an instance. Handlers may borrow, so a route is not `Send`, and an
    /// instance of Lambda Managed Instances, which gets several events at once, needs `PerExecutionEnvironmentMaxConcurrency: 1`: see
    /// [the guide](crate::guide::service), also for a `main` that puts something around the route or serves other events as well.
    ///
    /// # Errors
    /// If Lambda's Runtime API can't be reached. A handler's errors don't end the process.
    ///
    /// # Panics
    /// Outside Lambda: `lambda_runtime` panics if the variables that Lambda sets are missing.
    pub async fn run(self) -> Result<(), Error> {
        init_log();
        lambda_runtime::run(&self).await
    }

    /// Serves one event as Lambda would deliver it, for tests and sample events.
    ///
    /// What the handler posts to `@connections` goes to `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI`. If that is not set, posts fail with
    /// an error that says so: a replay never talks to the API that an event came from. It has no deadline, so
    /// [`remaining`](crate::RequestContext::remaining) is `None`. [`replay_at`](Self::replay_at) needs no variable.
    ///
    /// # Errors
    /// What Lambda would report as a function error: a failure on the function's side, or a panic.
    pub async fn replay(&self, json: &str) -> Result<A, FunctionError> {
        self.handle(json, Invocation { id: "replay", source: EventSource::Replay, deadline: None }).await
    }

    /// Serves one event like [`replay`](Self::replay), and lets the handler post to `connections`: to a server that the test plays, or to
    /// the recorder of the feature `testing`.
    ///
    /// ```no_run
    /// # async fn f(route: lambda_websocket::Route<'_>, event: &str) -> Result<(), lambda_websocket::FunctionError> {
    /// use lambda_websocket::Connections;
    ///
    /// let answer = route.replay_at(&Connections::at("http://127.0.0.1:3001/prod"), event).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Those of [`replay`](Self::replay).
    pub async fn replay_at(&self, connections: &Connections, json: &str) -> Result<A, FunctionError> {
        self.handle(json, Invocation { id: "replay", source: connections.as_source(), deadline: None }).await
    }
}

impl<A> Route<'_, A> {
    pub(crate) async fn handle(&self, json: &str, invocation: Invocation<'_>) -> Result<A, FunctionError> {
        let mut event = match parse(json, invocation.source)? {
            Ok(event) => event,
            Err(Refused { why, request_id }) => {
                return self.refuse(&why, request_id.as_deref().unwrap_or(invocation.id));
            }
        };
        event.context = event.context.with_deadline(invocation.deadline);
        let context = event.context.clone();
        let request_id = context.request_id().unwrap_or(invocation.id);
        let span = tracing::error_span!(
            "route",
            requestId = request_id,
            connectionId = context.checked_id().as_str(),
            routeKey = context.route_key(),
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

    /// A panic ends the invocation and not the process, so the next event finds a working function.
    async fn serve_or_catch(&self, event: Event<'_>) -> Result<A, Unserved> {
        // A handler only borrows what it shares, so its panic leaves nothing of this crate half-changed.
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

/// What is known of an event beside its JSON.
pub(crate) struct Invocation<'i> {
    /// Names the event in the log if it does not name itself.
    pub(crate) id: &'i str,
    pub(crate) source: EventSource,
    pub(crate) deadline: Option<Instant>,
}

impl<A> fmt::Debug for Route<'_, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Route").finish_non_exhaustive()
    }
}

/// If a library panics over an event, that too ends the invocation and not the process.
fn parse(json: &str, source: EventSource) -> Result<Result<Event<'_>, Refused>, FunctionError> {
    std::panic::catch_unwind(AssertUnwindSafe(|| Event::parse(json, source))).map_err(|panic| {
        let message = panic_message(&*panic);
        tracing::error!("reading the event panicked: {message}");
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
