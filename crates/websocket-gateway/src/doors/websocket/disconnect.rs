use std::sync::Arc;

use super::close::Close;
use crate::event::Connection;
use crate::happenings::{Level, What};
use crate::lambda::{ByHand, InvokeError};
use crate::service::{Service, integration};

/// Runs `$disconnect`, if the API has that route, in a task of its own. Its answer goes nowhere.
///
/// It is never left out, because nothing else removes what `$connect` has stored: it waits for its turn, it is not throttled, and it runs even
/// if the integration's time is up before it begins.
pub(super) fn run(service: &Arc<Service>, connection: Connection, close: &Close) {
    let (closed, by_hand) = (close.told(), close.is_by_hand());
    let tasks = service.tasks.clone();
    let service = Arc::clone(service);
    tasks.spawn(async move {
        service.happenings.tell_as(by_hand, None, Level::Info, || What::Closed {
            connection_id: connection.id.to_string(),
            code: closed.code,
            reason: closed.reason.clone(),
        });
        let deployment = service.deployment();
        let route = match deployment.route("$disconnect") {
            Some((_, Ok(route))) => route,
            Some((_, Err(why))) => return drop(service.unserved(&connection.id, "$disconnect", why)),
            None => return,
        };
        // It fails only if the semaphore is closed, which it never is.
        let turn = Arc::clone(&service.disconnects).acquire_owned().await;
        let event = service.writer(&deployment).disconnect(&connection, &closed);
        let (function, json) = (route.function.clone(), event.json.clone());
        let by_hand = Arc::<ByHand>::default();
        let noted = Arc::clone(&by_hand);
        let running = service.tasks.spawn(async move {
            let _turn = turn;
            function.invoke_when_allowed(json, &noted).await
        });
        let answer = async { running.await.unwrap_or(Err(InvokeError::ShuttingDown)) };
        integration::wait_for(answer, &by_hand, &service.clock, &service.happenings, "$disconnect", route, &event)
            .await;
    });
}
