//! The Lambda Runtime API, version 2018-06-01: what the functions' processes talk to.
//!
//! Every instance has a path prefix of its own, `/{instance id}`, which is its secret.
//! Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".

mod answer;
mod caller;

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use axum::{Router, serve as serve_http};
use tokio::net::TcpListener;

use self::caller::Caller;
use super::Host;
use super::schedule::Refusal;
use crate::bounded_body::Received;
use crate::clock::{Clock, millis};
use crate::ids::trace_root;

/// Serves until the task is aborted.
pub(super) async fn serve(listener: TcpListener, host: Arc<Host>) {
    let listener = listener.tap_io(|stream| {
        let _ = stream.set_nodelay(true);
    });
    if let Err(error) = serve_http(listener, router(host)).await {
        tracing::error!(%error, "the Lambda Runtime API has ended");
    }
}

fn router(host: Arc<Host>) -> Router {
    let instance = Router::new()
        .route("/invocation/next", get(next))
        .route("/invocation/{request_id}/response", post(response))
        .route("/invocation/{request_id}/error", post(error))
        .route("/init/error", post(init_error));
    Router::new().nest("/{instance}/2018-06-01/runtime", instance).with_state(host)
}

/// Parks until there is something to do. It never says "nothing yet": runtimes don't expect that.
async fn next(caller: Caller) -> Result<Response, Refusal> {
    let delivery = caller.pool.next(caller.instance).await?;
    let function = &caller.pool.program.function;
    let headers = [
        ("lambda-runtime-aws-request-id", delivery.request_id),
        ("lambda-runtime-invocation-id", delivery.invocation_id),
        ("lambda-runtime-deadline-ms", (milliseconds_since_1970() + millis(function.timeout)).to_string()),
        ("lambda-runtime-invoked-function-arn", caller.arn()),
        ("lambda-runtime-trace-id", trace_id()),
        ("content-type", "application/json".to_owned()),
    ];
    Ok((headers, delivery.event).into_response())
}

async fn response(
    caller: Caller,
    path: Path<RequestPath>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Refusal> {
    let received = answer::read(body).await?;
    let status = answer::status(&received);
    let answer = match received {
        Received::Whole(payload) => Ok(payload),
        Received::TooLarge { bytes } => Err(answer::too_large(bytes)),
    };
    caller.pool.answer(caller.instance, &path.request_id, invocation_id(&headers), answer)?;
    Ok(status.into_response())
}

async fn error(caller: Caller, path: Path<RequestPath>, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let received = answer::read(body).await?;
    let status = answer::status(&received);
    let error = answer::function_error(received, &headers);
    caller.pool.answer(caller.instance, &path.request_id, invocation_id(&headers), Err(error))?;
    Ok(status.into_response())
}

async fn init_error(caller: Caller, headers: HeaderMap, body: Body) -> Result<Response, Refusal> {
    let received = answer::read(body).await?;
    let status = answer::status(&received);
    caller.pool.init_failed(caller.instance, answer::function_error(received, &headers))?;
    Ok(status.into_response())
}

/// The rest of the path, after what [`Caller`] reads.
#[derive(serde::Deserialize)]
struct RequestPath {
    request_id: String,
}

fn invocation_id(headers: &HeaderMap) -> Option<&str> {
    headers.get("lambda-runtime-invocation-id").map(|id| id.to_str().unwrap_or_default())
}

/// A trace header that asks for no sampling.
fn trace_id() -> String {
    let root = trace_root(milliseconds_since_1970());
    format!("{root};Parent={:016x};Sampled=0", rand::random::<u64>())
}

/// Real time, whatever clock the gateway goes by: the process that gets the deadline has no other.
fn milliseconds_since_1970() -> u64 {
    Clock::default().now_ms()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error_type) = match self {
            Self::UnknownInstance => (StatusCode::FORBIDDEN, "UnknownInstance"),
            Self::InvalidStateTransition => (StatusCode::FORBIDDEN, "InvalidStateTransition"),
            Self::InvalidRequestId => (StatusCode::BAD_REQUEST, "InvalidRequestID"),
            Self::BrokenBody => (StatusCode::BAD_REQUEST, "InvalidRequest"),
        };
        let body = serde_json::json!({ "errorType": error_type, "errorMessage": self.to_string() });
        (status, [("content-type", "application/json")], body.to_string()).into_response()
    }
}
