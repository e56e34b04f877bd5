//! A route as a [`tower`](lambda_runtime::tower) service.

use std::task::{Context, Poll};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use futures_util::future::LocalBoxFuture;
use lambda_runtime::{LambdaEvent, Service};
use serde_json::value::RawValue;

use crate::connections::EventSource;
use crate::error::FunctionError;
use crate::route::{Invocation, Route};

/// What [`Route::run`] hands to `lambda_runtime`, for a `main` that puts something around it: see [the guide](crate::guide::service).
///
/// It is the reference that is the service. The future of an event borrows the route, as its handler borrows from `main`, and `tower` has
/// no name for what a future borrows from the service that made it: a `Route` could only be one if handlers had to be `'static`.
impl<'r, A> Service<LambdaEvent<Box<RawValue>>> for &'r Route<'_, A> {
    type Response = A;
    type Error = FunctionError;
    /// Not `Send`, because the handler's is not.
    type Future = LocalBoxFuture<'r, Result<A, FunctionError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), FunctionError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, LambdaEvent { payload, context }: LambdaEvent<Box<RawValue>>) -> Self::Future {
        let (route, deadline) = (*self, deadline(context.deadline));
        Box::pin(async move {
            let invocation = Invocation { id: &context.request_id, source: EventSource::ApiGateway, deadline };
            route.handle(payload.get(), invocation).await
        })
    }
}

/// A deadline, in milliseconds since 1970, by this process's clock. One in the past means that there is none: Lambda would not have started
/// the invocation, and `cargo lambda watch` sends one in January 1970.
pub(crate) fn deadline(epoch_ms: u64) -> Option<Instant> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    Instant::now().checked_add(Duration::from_millis(epoch_ms).checked_sub(now)?)
}
