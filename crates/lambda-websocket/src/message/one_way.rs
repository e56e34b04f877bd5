use super::Message;
use super::handled::{Handled, handle};
use crate::body::{Body, Text};
use crate::cause::chain;
use crate::connections::Delivery;
use crate::context::RequestContext;
use crate::error::RouteError;
use crate::event::Event;
use crate::response::Response;
use crate::route::Route;

/// Serves messages on a one-way route, which is any route without a RouteResponse: API Gateway drops the answer. What the client should
/// see is posted to [`@connections`](crate::Connections).
///
/// Answering does not compile, because the answer would never arrive:
///
/// ```compile_fail
/// use lambda_websocket::{Message, RouteError, Text, one_way};
///
/// let route = one_way(async |event: Message<Text>| Ok::<Text, RouteError>(event.body));
/// ```
pub fn one_way<'h, B: Body + 'h>(handler: impl AsyncFn(Message<B>) -> Result<(), RouteError> + 'h) -> Route<'h> {
    Route::new(async move |event: Event<'_>| match handle(event, &handler).await? {
        Handled::Answered(()) => Ok(Response::status(200)),
        Handled::Refused { status, frame, caller } => {
            post(&frame, &caller).await;
            Ok(Response::status(status))
        }
    })
}

async fn post(error_frame: &Text, caller: &RequestContext) {
    match caller.api().post(caller.checked_id(), error_frame).await {
        Ok(Delivery::Sent) => {}
        Ok(Delivery::Gone) => tracing::debug!("the caller is gone: the error frame was not delivered"),
        Err(error) => tracing::error!("the error frame was not delivered: {}", chain(&error)),
    }
}
