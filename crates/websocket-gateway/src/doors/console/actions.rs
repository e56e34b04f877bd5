//! What a person does from the page: to a connection, and with a function.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};

use super::json;
use crate::api::limits::MESSAGE_BYTES;
use crate::doors::{management_api, websocket};
use crate::happenings::{Level, What};
use crate::lambda::ByHand;
use crate::service::Service;
use crate::service::connections::Ending;
use crate::wire::answer::{self, Answer};

/// Does something to a connection; `path` is what follows its id.
pub(super) fn on_connection(service: &Arc<Service>, method: &Method, id: &str, path: &[&str], text: String) -> Answer {
    if service.guard.strict {
        return strict();
    }
    if text.len() > MESSAGE_BYTES {
        return answer::text(StatusCode::PAYLOAD_TOO_LARGE, format!("the message is over {MESSAGE_BYTES} bytes\n"));
    }
    match (method, path) {
        (&Method::POST, ["posts"]) => management_api::answer_person(service, id, method, text.into()),
        (&Method::DELETE, []) => management_api::answer_person(service, id, method, Bytes::new()),
        (&Method::POST, ["frames"]) => send_as(service, id, text),
        (&Method::POST, ["cut"]) => cut(service, id),
        _ => answer::text(StatusCode::NOT_FOUND, "there is no such thing to do to a connection\n"),
    }
}

/// Takes a message as if the connection's client had sent it.
fn send_as(service: &Arc<Service>, id: &str, text: String) -> Answer {
    match management_api::connection(service, id) {
        Ok(connection) if websocket::take(service, &connection, text.into()) => answer::status(StatusCode::ACCEPTED),
        Ok(_) => answer::text(StatusCode::TOO_MANY_REQUESTS, "too many messages of this client are not answered yet\n"),
        Err(refused) => *refused,
    }
}

/// Ends a connection without a close frame, as if its line had broken: `$disconnect` gets 1006.
fn cut(service: &Service, id: &str) -> Answer {
    match management_api::connection(service, id) {
        Ok(connection) => {
            service.open.remove(&connection.facts.id);
            connection.end(Ending::Cut);
            answer::status(StatusCode::NO_CONTENT)
        }
        Err(refused) => *refused,
    }
}

/// Invokes a function, by its logical id: what it answers, or 502 and why it fails.
pub(super) async fn invoke(service: &Service, function: &str, event: Bytes) -> Answer {
    if service.guard.strict {
        return strict();
    }
    let callable = service.deployment().functions.get(function).cloned();
    let answered = match callable {
        Ok(callable) => callable.invoke(event, &ByHand::default()).await,
        Err(error) => return answer::text(StatusCode::NOT_FOUND, format!("{error}\n")),
    };
    match answered {
        Ok(answered) => answer::json(StatusCode::OK, answered),
        Err(error) => answer::text(StatusCode::BAD_GATEWAY, format!("{error}\n")),
    }
}

/// Kills the processes of a function, as a crash does: how many there were.
pub(super) fn kill_processes(service: &Service, function: &str) -> Answer {
    if service.guard.strict {
        return strict();
    }
    let deployment = service.deployment();
    let callable = match deployment.functions.get(function) {
        Ok(callable) => callable,
        Err(error) => return answer::text(StatusCode::NOT_FOUND, format!("{error}\n")),
    };
    let Some(processes) = callable.processes() else {
        return answer::text(StatusCode::CONFLICT, "the gateway does not run this function\n");
    };
    if processes > 0 {
        service
            .happenings
            .tell_as(true, None, Level::Warning, || What::ProcessesKilled { function: function.to_owned(), processes });
        callable.kill_processes();
    }
    json(StatusCode::OK, &serde_json::json!({ "processes": processes }))
}

/// The furthest that the clock is moved at once: a day, so that a slip of the finger does not lead into the next century.
const FURTHEST_MS: u64 = 24 * 60 * 60 * 1000;

/// Moves the clock forward by so many milliseconds.
pub(super) fn advance(service: &Service, ms: &str) -> Answer {
    if service.guard.strict {
        return strict();
    }
    match ms.parse::<u64>().ok().filter(|ms| *ms <= FURTHEST_MS) {
        None => {
            answer::text(StatusCode::BAD_REQUEST, format!("write a number of milliseconds, at most {FURTHEST_MS}\n"))
        }
        Some(ms) if service.clock.advance(Duration::from_millis(ms)) => {
            let by = Duration::from_millis(ms);
            service.happenings.tell_as(true, None, Level::Info, || What::ClockMoved { by });
            answer::status(StatusCode::NO_CONTENT)
        }
        Some(_) => {
            answer::text(StatusCode::CONFLICT, "this gateway goes by the system's clock, which can't be moved\n")
        }
    }
}

pub(super) fn strict() -> Answer {
    answer::text(StatusCode::FORBIDDEN, "with --strict the console only shows what happens\n")
}
