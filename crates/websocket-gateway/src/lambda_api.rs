//! Lambda's Invoke API: `POST /2015-03-31/functions/{name}/invocations`, so that `cargo lambda invoke`, the AWS CLI and every SDK can call
//! the functions that the gateway runs.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, ORIGIN};
use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use percent_encoding::percent_decode_str;
use serde_json::json;

use crate::api::limits::INVOCATION_BYTES;
use crate::bounded_body::{self, Received};
use crate::lambda::InvokeError;
use crate::service::Service;

/// The first part of the path, which is the version of the API.
pub(crate) const VERSION: &str = "2015-03-31";

/// Answers a request; `path` is what follows the version.
pub(crate) async fn answer(service: Arc<Service>, path: &str, request: Request<Incoming>) -> Response {
    let (request, body) = request.into_parts();
    let event = bounded_body::read(body, INVOCATION_BYTES).await;
    // Any page on the web can make a browser post to this machine. Besides, who invokes a function goes round every authorizer.
    if request.headers.contains_key(ORIGIN) || service.guard.strict {
        let message = "not for web pages, and not with --strict";
        return refused(StatusCode::FORBIDDEN, "AccessDeniedException", message);
    }
    let name = path.strip_prefix("functions/").and_then(|path| path.strip_suffix("/invocations"));
    let (Some(name), &Method::POST) = (name, &request.method) else {
        return refused(
            StatusCode::NOT_FOUND,
            "UnknownOperationException",
            "only functions/{name}/invocations is here",
        );
    };
    let name = percent_decode_str(name).decode_utf8_lossy().into_owned();
    let deployment = service.deployment();
    let function = deployment.api.function_called(unqualified(&name)).map(|function| function.logical_id.clone());
    let Some(function) = function else {
        return refused(StatusCode::NOT_FOUND, "ResourceNotFoundException", &format!("Function not found: {name}"));
    };
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
    if serde_json::from_slice::<serde::de::IgnoredAny>(&event).is_err() {
        let message = "Could not parse request body into json";
        return refused(StatusCode::BAD_REQUEST, "InvalidRequestContentException", message);
    }
    let kind = request.headers.get("x-amz-invocation-type").and_then(|kind| kind.to_str().ok());
    match kind {
        Some("DryRun") => StatusCode::NO_CONTENT.into_response(),
        Some("Event") => {
            service.tasks.spawn(async move {
                if let Err(error) = deployment.invoke(&function, event).await {
                    tracing::error!("{function}: {error}");
                }
            });
            StatusCode::ACCEPTED.into_response()
        }
        _ => match deployment.invoke(&function, event).await {
            Ok(answer) => (StatusCode::OK, [("x-amz-executed-version", "$LATEST")], answer).into_response(),
            Err(error) => function_error(error),
        },
    }
}

/// A name may be an ARN, and may end with a version or an alias. There is only one version here.
fn unqualified(name: &str) -> &str {
    let name = name.split_once(":function:").map_or(name, |(_, name)| name);
    name.split_once(':').map_or(name, |(name, _)| name)
}

/// To Lambda a function that fails is a call that succeeds, with a header.
fn function_error(error: InvokeError) -> Response {
    tracing::error!("{error}");
    if matches!(error, InvokeError::Throttled { .. }) {
        return refused(StatusCode::TOO_MANY_REQUESTS, "TooManyRequestsException", "Rate Exceeded.");
    }
    let payload = match error {
        InvokeError::FunctionError { payload, .. } if !payload.is_empty() => payload,
        other => Bytes::from(json!({ "errorType": "Runtime.Unknown", "errorMessage": other.to_string() }).to_string()),
    };
    (StatusCode::OK, [("x-amz-function-error", "Unhandled")], payload).into_response()
}

/// In Lambda's words, and in those that cargo-lambda looks for.
fn refused(status: StatusCode, name: &'static str, message: &str) -> Response {
    let body = json!({ "Type": "User", "Message": message, "errorType": name, "errorMessage": message }).to_string();
    (status, [("x-amzn-ErrorType", name), (CONTENT_TYPE.as_str(), "application/json")], body).into_response()
}

#[cfg(test)]
mod tests {
    use super::unqualified;

    #[test]
    fn a_function_is_found_by_its_arn_and_with_a_version() {
        for name in [
            "chat-Hello",
            "chat-Hello:$LATEST",
            "123456789012:function:chat-Hello",
            "arn:aws:lambda:eu-west-1:123456789012:function:chat-Hello:live",
        ] {
            assert_eq!(unqualified(name), "chat-Hello", "{name}");
        }
    }
}
