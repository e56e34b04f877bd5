//! Lambda's Invoke API: `POST /2015-03-31/functions/{name}/invocations`, so that `cargo lambda invoke`, the AWS CLI and every SDK can call
//! the functions that the gateway runs.

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use http::{HeaderValue, Method, Request, StatusCode};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::api::Api;
use crate::api::limits::INVOCATION_BYTES;
use crate::clock;
use crate::guard::Refusal;
use crate::happenings::{Door, Level, What};
use crate::lambda::{ByHand, Callable, InvokeError};
use crate::service::{Queued, Service};
use crate::wire::answer::{self, Answer, aws_error};
use crate::wire::body::{self, Received};

/// Answers a request; `path` is what follows the version.
pub(super) async fn answer(service: Arc<Service>, path: &str, request: Request<Incoming>) -> Answer {
    let (request, body) = request.into_parts();
    // Whole, because the signature is over the whole body.
    let event = body::read(body, INVOCATION_BYTES).await;
    let name = path.strip_prefix("functions/").and_then(|path| path.strip_suffix("/invocations"));
    let (Some(name), &Method::POST) = (name, &request.method) else {
        return refused(
            StatusCode::NOT_FOUND,
            "UnknownOperationException",
            "the gateway serves only functions/{name}/invocations",
        );
    };
    let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
    let event = match event {
        Ok(Received::Whole(event)) => event,
        Ok(Received::TooLarge { .. }) => {
            let message = format!("the event is over {INVOCATION_BYTES} bytes");
            return refused(StatusCode::PAYLOAD_TOO_LARGE, "RequestTooLargeException", &message);
        }
        Err(_) => {
            return refused(StatusCode::BAD_REQUEST, "InvalidRequestContentException", "Could not read the event");
        }
    };
    let deployment = service.deployment();
    if let Err(refusal) = permit(&service, &deployment.api, &name, &request, &event) {
        return not_permitted(&service, &request, &refusal);
    }
    let (name_alone, _) = split(&name);
    let function = deployment.api.function_called(name_alone).map(|function| function.logical_id.clone());
    let found = function.and_then(|id| deployment.functions.get(&id).ok().cloned().map(|callable| (id, callable)));
    let Some((id, callable)) = found else {
        return refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", &format!("Function not found: {name}"));
    };
    if serde_json::from_slice::<serde::de::IgnoredAny>(&event).is_err() {
        let message = "Could not parse request body into json";
        return refused(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message);
    }
    let kind = request.headers.get("x-amz-invocation-type").and_then(|kind| kind.to_str().ok());
    match kind {
        Some("DryRun") => answer::status(StatusCode::NO_CONTENT),
        Some("Event") => match service.asynchronous.queue(event) {
            Some(queued) => {
                let tasks = service.tasks.clone();
                tasks.spawn(async move { invoke_queued(&service, id, &callable, queued).await });
                answer::status(StatusCode::ACCEPTED)
            }
            None => throttled(),
        },
        _ => {
            let by_hand = ByHand::default();
            let answer = callable.invoke(event, &by_hand).await;
            if let Err(error) = &answer {
                tell_failure(&service, &by_hand, id, error.to_string());
            }
            answer.map_or_else(function_error, |answer| answered("x-amz-executed-version", "$LATEST", answer))
        }
    }
}

/// Nobody waits for the answer, so the log is the only place for a failure.
async fn invoke_queued(service: &Service, id: String, function: &Callable, queued: Queued) {
    let by_hand = ByHand::default();
    if let Err(error) = service.asynchronous.invoke(function, queued, &by_hand, &service.stopping).await {
        tell_failure(service, &by_hand, id, error.to_string());
    }
}

fn tell_failure(service: &Service, by_hand: &ByHand, function: String, why: String) {
    service.happenings.tell_as(by_hand.has_met(), None, Level::Error, || What::InvocationFailed { function, why });
}

/// Checks that the caller may invoke this function.
fn permit(service: &Service, api: &Api, name: &str, head: &Parts, body: &[u8]) -> Result<(), Refusal> {
    let caller = service.guard.identify("lambda", head, body, clock::real_seconds())?;
    caller.check_permission(api, "lambda:InvokeFunction", &resource(api, name, head.uri.query()))
}

/// What a policy has to allow: the function's ARN, with the version or the alias if the caller has named one.
fn resource(api: &Api, name: &str, query: Option<&str>) -> String {
    let (name, qualifier) = split(name);
    let name = api.function_called(name).map_or(name, |function| &function.name);
    let in_query =
        || form_urlencoded::parse(query?.as_bytes()).find(|(key, _)| key == "Qualifier").map(|(_, value)| value);
    let qualifier = qualifier.map(Cow::Borrowed).or_else(in_query).map(|qualifier| format!(":{qualifier}"));
    api.account.arn("lambda", &format!("function:{name}{}", qualifier.unwrap_or_default()))
}

/// The function's name, and the version or the alias. The name may be an ARN. There is only one version here.
fn split(name: &str) -> (&str, Option<&str>) {
    let name = name.split_once(":function:").map_or(name, |(_, name)| name);
    name.split_once(':').map_or((name, None), |(name, qualifier)| (name, Some(qualifier)))
}

fn not_permitted(service: &Service, head: &Parts, refusal: &Refusal) -> Answer {
    service.happenings.tell(Level::Warning, || {
        let why = format!("{} {}: {refusal}", head.method, head.uri.path());
        What::refused(Door::InvokeApi, StatusCode::FORBIDDEN.as_u16(), why)
    });
    refused(StatusCode::FORBIDDEN, refusal.name(), &refusal.to_string())
}

/// To Lambda an invocation of a function that fails is a call that succeeds, with a header.
fn function_error(error: InvokeError) -> Answer {
    if matches!(error, InvokeError::Throttled { .. } | InvokeError::ThrottledByHand) {
        return throttled();
    }
    let payload = match error {
        InvokeError::FunctionError { payload, .. } if !payload.is_empty() => payload,
        other => Bytes::from(json!({ "errorType": "Runtime.Unknown", "errorMessage": other.to_string() }).to_string()),
    };
    answered("x-amz-function-error", "Unhandled", payload)
}

fn throttled() -> Answer {
    refused(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate Exceeded.")
}

fn answered(header: &'static str, value: &'static str, payload: Bytes) -> Answer {
    let mut answer = answer::with_body(StatusCode::OK, HeaderValue::from_static("application/octet-stream"), payload);
    answer.headers_mut().insert(header, HeaderValue::from_static(value));
    answer
}

/// The keys are Lambda's, and those that cargo-lambda looks for.
fn refused(status: StatusCode, name: &'static str, message: &str) -> Answer {
    let body = json!({ "Type": "User", "Message": message, "errorType": name, "errorMessage": message });
    aws_error(status, name, body.to_string())
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn a_function_is_found_by_its_arn_and_with_a_version() {
        for name in [
            "chat-Hello",
            "chat-Hello:$LATEST",
            "123456789012:function:chat-Hello",
            "arn:aws:lambda:eu-west-1:123456789012:function:chat-Hello:live",
        ] {
            assert_eq!(split(name).0, "chat-Hello", "{name}");
        }
    }
}
