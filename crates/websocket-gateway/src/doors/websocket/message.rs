use std::sync::Arc;

use tungstenite::Utf8Bytes;

use super::error_frame::ErrorFrame;
use super::route_selection::{select, why_none};
use crate::api::limits::MESSAGE_BYTES;
use crate::happenings::{Level, What};
use crate::ids;
use crate::lambda::ByHand;
use crate::service::Service;
#[cfg(feature = "console")]
use crate::service::connections::OpenConnection;
use crate::service::connections::{Ending, UnderWay};
use crate::service::integration::{self, Outcome};

/// Takes a message as if a connection's client had sent it. `false` if that client has too much under way.
#[cfg(feature = "console")]
pub(in crate::doors) fn take(service: &Arc<Service>, connection: &Arc<OpenConnection>, message: Utf8Bytes) -> bool {
    let Some(under_way) = connection.try_begin(&message) else { return false };
    connection.touch(service.clock.now_ms());
    service.happenings.tell_as(true, None, Level::Detail, || What::Received {
        connection_id: connection.facts.id.to_string(),
        message: message.clone().into(),
    });
    service.tasks.spawn(serve(Arc::clone(service), under_way, message));
    true
}

/// Serves one message: invokes its route's function and sends the client the frame that it is to get.
///
/// Messages of one connection run beside each other, as on AWS: their answers may overtake one another.
pub(super) async fn serve(service: Arc<Service>, under_way: UnderWay, message: Utf8Bytes) {
    let connection = &under_way.connection;
    let id = &connection.facts.id;
    let deployment = service.deployment();
    let Some((route_key, route)) = select(&deployment, &message) else {
        let request_id = ids::request_id(service.clock.now_ms());
        service.happenings.tell(Level::Warning, || What::NoRoute {
            connection_id: id.to_string(),
            request_id: request_id.clone(),
            message: message.clone().into(),
            why: why_none(&deployment.api, &message),
        });
        return connection.send(ErrorFrame::Forbidden.write(id, &request_id)).await;
    };
    let integration = match route {
        Ok(integration) => integration,
        Err(why) => {
            let request_id = service.unserved(id, route_key, why);
            return connection.send(ErrorFrame::InternalServerError.write(id, &request_id)).await;
        }
    };
    let event = service.writer(&deployment).message(route_key, &connection.facts, &message);
    // Kept until the answer has found room. The time until it begins counts: on AWS the function would work already.
    let mut _turn = None;
    let by_hand = ByHand::default();
    let invocation = async {
        _turn = under_way.turn().await;
        integration.function.invoke(event.json.clone(), &by_hand).await
    };
    let (clock, happenings) = (&service.clock, &service.happenings);
    let outcome = integration::wait_for(invocation, &by_hand, clock, happenings, route_key, integration, &event).await;
    let frame = match outcome {
        // The status does not matter: a 500 with a body is delivered like any other.
        Outcome::Answered(answer) if integration.route.route_response => {
            let reply = answer.body.unwrap_or_default();
            if reply.len() > MESSAGE_BYTES {
                service.happenings.tell(Level::Error, || What::ReplyTooLarge {
                    connection_id: id.to_string(),
                    route_key: route_key.to_owned(),
                    bytes: reply.len(),
                });
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
