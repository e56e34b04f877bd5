//! Faults, from the page: which are set, setting and ending them.

use http::StatusCode;
use serde::Serialize;

use super::actions::strict;
use super::json;
use crate::api::limits::INTEGRATION_TIMEOUT;
use crate::clock::millis;
use crate::doors::management_api;
use crate::faults::{Fault, MOST, SetFault};
use crate::service::Service;
use crate::wire::answer::{self, Answer};

/// A fault with its sentence.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    set: &'a SetFault,
    text: String,
}

impl<'a> Shown<'a> {
    fn of(set: &'a SetFault) -> Self {
        Self { set, text: set.text() }
    }
}

/// Answers with those that are set.
pub(super) fn list(service: &Service) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Answer<'a> {
        most: usize,
        longest_delay_ms: u64,
        faults: Vec<Shown<'a>>,
    }
    let faults = service.faults.all();
    let (faults, longest_delay_ms) = (faults.iter().map(Shown::of).collect(), millis(INTEGRATION_TIMEOUT));
    json(StatusCode::OK, &Answer { most: MOST, longest_delay_ms, faults })
}

/// Sets a fault: 201 with it.
pub(super) fn begin(service: &Service, body: &[u8]) -> Answer {
    if service.guard.strict {
        return strict();
    }
    let (fault, once) = match Fault::read(body) {
        Ok(read) => read,
        Err(why) => return answer::text(StatusCode::BAD_REQUEST, format!("{why}\n")),
    };
    if let Some(Err(error)) = fault.function().map(|function| service.deployment().functions.get(function).map(drop)) {
        return answer::text(StatusCode::NOT_FOUND, format!("{error}\n"));
    }
    let connection = match fault.connection_id().map(|id| management_api::connection(service, id.as_str())) {
        Some(Err(refused)) => return *refused,
        Some(Ok(connection)) => Some(connection),
        None => None,
    };
    let does_not_read = matches!(fault, Fault::NotReading { .. });
    let set = match service.faults.begin(fault, once) {
        Ok(set) => set,
        Err(too_many) => return answer::text(StatusCode::CONFLICT, format!("{too_many}\n")),
    };
    if let Some(connection) = connection {
        if does_not_read {
            connection.outbox.hold(true);
        }
        // It may have closed in the meantime.
        if service.open.get(&connection.facts.id).is_none() {
            service.faults.forget(&connection.facts.id);
        }
    }
    json(StatusCode::CREATED, &Shown::of(&set))
}

/// Ends one.
pub(super) fn end(service: &Service, id: &str) -> Answer {
    if service.guard.strict {
        return strict();
    }
    match id.parse().ok().and_then(|id| service.faults.end(id)) {
        Some(ended) => {
            go_on(service, &ended);
            answer::status(StatusCode::NO_CONTENT)
        }
        None => answer::text(StatusCode::NOT_FOUND, "no fault with this id is set: it has ended\n"),
    }
}

/// Ends them all.
pub(super) fn end_all(service: &Service) -> Answer {
    if service.guard.strict {
        return strict();
    }
    service.faults.end_all().iter().for_each(|ended| go_on(service, ended));
    answer::status(StatusCode::NO_CONTENT)
}

/// A client that did not read gets what has waited for it.
fn go_on(service: &Service, ended: &SetFault) {
    if let Fault::NotReading { connection_id } = &ended.fault
        && let Some(connection) = service.open.get(connection_id)
    {
        connection.outbox.hold(false);
    }
}
