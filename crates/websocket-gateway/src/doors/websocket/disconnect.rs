use std::sync::Arc;

use crate::event::{Closed, Connection};
use crate::happenings::{Level, What};
use crate::service::{Service, integration};

/// Runs `$disconnect`, if the API has that route, in a task of its own. Its answer goes nowhere.
pub(super) fn run(service: &Arc<Service>, connection: Connection, closed: Closed) {
    let tasks = service.tasks.clone();
    let service = Arc::clone(service);
    tasks.spawn(async move {
        service.happenings.tell(Level::Info, || What::Closed {
            connection_id: connection.id.to_string(),
            code: closed.code,
            reason: closed.reason.clone(),
        });
        let deployment = service.deployment();
        if let Some(route) = deployment.routes.get("$disconnect") {
            let event = service.writer(&deployment).disconnect(&connection, &closed);
            integration::invoke(&service.clock, &service.happenings, "$disconnect", route, &event).await;
        }
    });
}
