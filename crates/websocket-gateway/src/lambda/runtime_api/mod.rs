//! The Lambda Runtime API, version 2018-06-01, through which the functions' processes get events and answer them.
//!
//! The path of a request begins with `/{instance id}`, which only the instance knows.
//! Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".

mod answer;
mod call;
mod extensions;

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::call::Call;
use super::instance_id::{InstanceId, Owners};
use super::invocation::{Answer, Delivery};
use super::pool::Pool;
use super::schedule::Refusal;
use crate::clock::{Clock, millis};
use crate::guard::AllowedHosts;
use crate::happenings::{Door, HappeningSender};
use crate::ids::trace_header;
use crate::wire::answer::{self as http_answer, Answer as HttpAnswer};
use crate::wire::server;

const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
const INVOCATION_ID: HeaderName = HeaderName::from_static("lambda-runtime-invocation-id");
const DEADLINE: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");
const FUNCTION_ARN: HeaderName = HeaderName::from_static("lambda-runtime-invoked-function-arn");
const TRACE_ID: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");

/// Serves until `stopping` is cancelled, without a time limit for idle connections: a runtime may be silent for as long as it likes.
pub(super) async fn serve(
    listener: TcpListener,
    pools: Arc<Owners<Pool>>,
    happenings: HappeningSender,
    stopping: CancellationToken,
) {
    // Functions get its IP address, so that no name needs to be allowed.
    let hosts = Arc::new(AllowedHosts::default());
    let answer = move |_, request| {
        let (pools, hosts, happenings) = (Arc::clone(&pools), Arc::clone(&hosts), happenings.clone());
        async move {
            match hosts.admit(Door::RuntimeApi, &happenings, request).await {
                Ok(request) => answer(&pools, request).await.unwrap_or_else(|refusal| refused(&refusal)),
                Err(refused) => refused,
            }
        }
    };
    server::serve(listener, None, server::for_functions(), stopping, answer).await;
}

async fn answer(pools: &Owners<Pool>, request: Request<Incoming>) -> Result<HttpAnswer, Refusal> {
    let (head, body) = request.into_parts();
    let (instance, call) = Call::read(&head.method, head.uri.path())?;
    let pool = pools.get(instance).ok_or(Refusal::UnknownInstance)?;
    if call == Call::Next {
        // Waits until there is an invocation. It never answers without one, because runtimes don't expect that.
        let delivery = pool.next(instance).await?;
        return Ok(event(&pool, delivery));
    }
    let received = answer::read(body).await?;
    let status = answer::status(&received);
    match call {
        Call::Next => {}
        Call::Extension(call) => return extensions::answer(&pool, instance, call, &head.headers, received).await,
        Call::Response { request_id } => {
            finish(&pool, instance, request_id, &head.headers, answer::payload(received))?;
        }
        Call::Error { request_id } => {
            let error = answer::function_error(received, &head.headers);
            finish(&pool, instance, request_id, &head.headers, Err(error))?;
        }
        Call::InitError => pool.init_failed(instance, answer::function_error(received, &head.headers))?,
    }
    Ok(http_answer::json(status, Bytes::new()))
}

fn finish(
    pool: &Pool,
    instance: InstanceId,
    request_id: &str,
    headers: &HeaderMap,
    answer: Answer,
) -> Result<(), Refusal> {
    let invocation_id = headers.get(INVOCATION_ID).map(|id| id.to_str().unwrap_or_default());
    pool.answer(instance, request_id, invocation_id, answer)
}

fn event(pool: &Pool, delivery: Delivery) -> HttpAnswer {
    // The real time, even if the gateway has another clock: the process compares the deadline with the system's clock.
    let now_ms = Clock::default().now_ms();
    let mut response = http_answer::json(StatusCode::OK, delivery.event);
    let headers = response.headers_mut();
    headers.insert(REQUEST_ID, text(delivery.request_id));
    headers.insert(INVOCATION_ID, text(delivery.invocation_id));
    headers.insert(DEADLINE, HeaderValue::from(now_ms + millis(pool.timeout())));
    headers.insert(FUNCTION_ARN, pool.arn());
    headers.insert(TRACE_ID, text(trace_header(now_ms)));
    response
}

/// Reads a method and path: the instance's id, and the request id if there is one.
#[cfg(fuzzing)]
pub(super) fn read_call(method: &http::Method, path: &str) -> Result<(String, Option<String>), Refusal> {
    let (instance, call) = Call::read(method, path)?;
    let request_id = match call {
        Call::Response { request_id } | Call::Error { request_id } => Some(request_id.to_owned()),
        Call::Next | Call::InitError | Call::Extension(_) => None,
    };
    Ok((instance.to_string(), request_id))
}

/// Reads the body of an error.
#[cfg(fuzzing)]
pub(super) fn read_error(body: Bytes, headers: &HeaderMap) -> super::error::InvokeError {
    answer::function_error(crate::wire::body::Received::Whole(body), headers)
}

/// A header value. Ids are ASCII, so that the conversion does not fail.
fn text(id: String) -> HeaderValue {
    HeaderValue::try_from(id).unwrap_or(HeaderValue::from_static(""))
}

fn refused(refusal: &Refusal) -> HttpAnswer {
    let (status, error_type) = match refusal {
        Refusal::UnknownInstance => (StatusCode::FORBIDDEN, "UnknownInstance"),
        Refusal::UnknownCall => (StatusCode::NOT_FOUND, "UnknownCall"),
        Refusal::InvalidStateTransition => (StatusCode::FORBIDDEN, "InvalidStateTransition"),
        Refusal::InvalidRequestId => (StatusCode::BAD_REQUEST, "InvalidRequestID"),
        Refusal::BrokenBody => (StatusCode::BAD_REQUEST, "InvalidRequest"),
        Refusal::Extension(refusal) => (StatusCode::FORBIDDEN, refusal.error_type()),
    };
    let body = serde_json::json!({ "errorType": error_type, "errorMessage": refusal.to_string() });
    http_answer::json(status, body.to_string())
}
