use std::sync::Arc;

use tungstenite::Utf8Bytes;

use super::error_frame::ErrorFrame;
use super::route_selection::select;
use crate::api::limits::MESSAGE_BYTES;
use crate::connections::{Ending, OpenConnection};
use crate::ids;
use crate::integration::{self, Outcome};
use crate::service::Service;

/// Serves one message: invokes its route's function and sends what the client is to get.
///
/// Messages of one connection run beside each other, as on AWS: their answers may overtake one another.
pub(super) async fn serve(service: Arc<Service>, connection: Arc<OpenConnection>, message: Utf8Bytes) {
    let id = &connection.facts.id;
    let deployment = service.deployment();
    let Some((route_key, route)) = select(&deployment.api, &message) else {
        let request_id = ids::request_id(service.clock.now_ms());
        tracing::warn!(connectionId = %id, requestId = request_id, "no route takes the message: Forbidden");
        return connection.send(ErrorFrame::Forbidden.write(id, &request_id)).await;
    };
    let event = service.writer(&deployment).message(route_key, &connection.facts, &message);
    let frame = match integration::invoke(&service, &deployment, route_key, route, &event).await {
        // The status is not looked at: a 500 with a body is delivered like any other.
        Outcome::Answered(answer) if route.route_response => {
            let reply = answer.body.unwrap_or_default();
            if reply.len() > MESSAGE_BYTES {
                tracing::error!(connectionId = %id, "{route_key}: a reply of {} bytes, over {MESSAGE_BYTES}", reply.len());
                return connection.end(Ending::ReplyTooLarge);
            }
            reply.into()
        }
        Outcome::Answered(_) => return,
        Outcome::Failed => ErrorFrame::InternalServerError.write(id, &event.request_id),
        Outcome::TimedOut => ErrorFrame::EndpointRequestTimedOut.write(id, &event.request_id),
    };
    connection.touch(service.clock.now_ms());
    connection.send(frame).await;
}
