use super::Message;
use super::handled::{Handled, handle, limited};
use crate::body::{Body, Payload};
use crate::error::RouteError;
use crate::event::Event;
use crate::response::Response;
use crate::route::Route;

/// Serves messages on a two-way route, which is a route with a RouteResponse: what the handler returns is the frame that the client
/// gets.
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
    Route::new(async move |event: Event<'_>| {
        let handler = async |message| reply_text(&handler(message).await?);
        Ok(match handle(event, handler).await? {
            Handled::Answered(reply) => Response::status(200).with_body(reply),
            Handled::Refused { status, frame, .. } => Response::status(status).with_body(frame.0),
        })
    })
}

fn reply_text(reply: &impl Payload) -> Result<String, RouteError> {
    let text = reply.to_text().map_err(RouteError::internal)?;
    limited(text).map_err(RouteError::internal)
}
