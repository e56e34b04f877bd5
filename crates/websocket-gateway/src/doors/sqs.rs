//! The port of the embedded queues. It lets through what the policies of the functions allow: the queues themselves do not know who asks.

use std::sync::Arc;

use http::{Request, StatusCode};
use hyper::body::Incoming;

use super::port::{OpenPort, Port};
use crate::clock;
use crate::guard::Caller;
use crate::happenings::{Door, Level, What};
use crate::service::Service;
use crate::sqs::{Kind, Operation, Queues, Refusal, Sender, needs, protocol};
use crate::wire::answer::Answer;
use crate::wire::body::{self, Received, Unreadable};
use crate::wire::tls::Tls;

/// The largest request in bytes. In JSON every character of a message of 1 MiB may become six, and binary attributes grow by a third.
const REQUEST_BYTES: usize = 8 * 1024 * 1024;

/// What stands before a caller's name in a `SenderId`: the id of a role, which no account has.
const ROLE_ID: &str = "AROALOCALGATEWAY00000";

/// The `SenderId` of a person.
const PERSON: &str = "AIDALOCALGATEWAY00000";

/// Why a request does not reach the queues.
#[derive(Debug)]
enum Stopped {
    ByGuard(crate::guard::Refusal),
    Refused(Refusal),
    TooLarge,
    TooSlow,
    BrokeOff,
}

/// Serves the queues at a port until the result is closed or dropped.
pub(crate) fn serve_queues(port: Port, service: &Arc<Service>, queues: Queues, tls: Option<Tls>) -> OpenPort {
    let of_answers = Arc::clone(service);
    port.serve(Door::Sqs, Arc::clone(service), tls, move |request| {
        let (service, queues) = (Arc::clone(&of_answers), queues.clone());
        async move { answer(&service, &queues, request).await.unwrap_or_else(|stopped| stopped.into_answer(&service)) }
    })
}

async fn answer(service: &Service, queues: &Queues, request: Request<Incoming>) -> Result<Answer, Stopped> {
    let (head, body) = request.into_parts();
    // Whole, because the signature is over the whole body.
    let body = match body::read(body, REQUEST_BYTES).await {
        Ok(Received::Whole(body)) => body,
        Ok(Received::TooLarge { .. }) => return Err(Stopped::TooLarge),
        Err(Unreadable::TooSlow) => return Err(Stopped::TooSlow),
        Err(Unreadable::BrokeOff(_)) => return Err(Stopped::BrokeOff),
    };
    let caller = service.guard.identify("sqs", &head, &body, clock::real_seconds()).map_err(Stopped::ByGuard)?;
    let operation = match protocol::operation(&head) {
        Ok(operation) => operation,
        Err(answer) => return Ok(*answer),
    };
    let sender = permit(service, operation, &body, &caller)?;
    let answer = queues.call(operation, body, &sender, &service.stopping).await.map_err(Stopped::Refused)?;
    Ok(protocol::answered(answer))
}

/// Checks that the caller may do this, and says who that is.
fn permit(service: &Service, operation: Operation, body: &[u8], caller: &Caller) -> Result<Sender, Stopped> {
    let deployment = service.deployment();
    if *caller != Caller::Person {
        let need = needs(operation, body, &deployment.api.account).map_err(Stopped::Refused)?;
        caller.check_permission(&deployment.api, &need.action, &need.resource).map_err(Stopped::ByGuard)?;
    }
    let function = caller.function();
    let name = function.map(|id| deployment.api.functions.get(id).map_or(id, |function| function.name.as_str()));
    let id = name.map_or_else(|| PERSON.to_owned(), |name| format!("{ROLE_ID}:{name}"));
    Ok(Sender { id, function: function.map(str::to_owned) })
}

impl Stopped {
    fn into_answer(self, service: &Service) -> Answer {
        let tell_refused = |status: StatusCode, why: &str| {
            service
                .happenings
                .tell(Level::Warning, || What::refused(Door::Sqs, status.as_u16(), format!("SQS: {why}")));
        };
        let (status, name, code, message) = match self {
            Self::ByGuard(refusal) => {
                let (status, why) = (StatusCode::FORBIDDEN, refusal.to_string());
                tell_refused(status, &why);
                let code = if matches!(refusal, crate::guard::Refusal::AccessDenied { .. }) {
                    "AccessDenied"
                } else {
                    refusal.name()
                };
                (status, refusal.name(), code, why)
            }
            Self::Refused(refusal) => {
                let answer = protocol::refusal(&refusal);
                // On AWS it would have worked, so nobody looks for the reason in the function.
                if [Kind::REQUEST_THROTTLED, Kind::UNSUPPORTED_OPERATION].contains(&refusal.kind) {
                    tell_refused(answer.status(), &refusal.message);
                }
                return answer;
            }
            Self::TooLarge => {
                let why = format!("over {REQUEST_BYTES} bytes");
                (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", "RequestEntityTooLarge", why)
            }
            Self::TooSlow => {
                let why = Unreadable::TooSlow.to_string();
                tell_refused(StatusCode::REQUEST_TIMEOUT, &why);
                (StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException", "RequestTimeout", why)
            }
            Self::BrokeOff => {
                return protocol::refusal(&Refusal::new(Kind::SERIALIZATION, "The body broke off."));
            }
        };
        protocol::error(status, &format!("com.amazon.coral.service#{name}"), code, &message)
    }
}
