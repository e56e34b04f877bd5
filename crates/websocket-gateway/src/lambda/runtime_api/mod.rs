//! The Lambda Runtime API, version 2018-06-01, through which the functions' processes get events and answer them.
//!
//! Each instance has a port of its own: the runtimes' clients take a host and a port and nothing else, so no key in the path can say whose
//! request it is.
//! Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes".

mod answer;
mod call;
mod extensions;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use self::call::Call;
use super::instance_id::InstanceId;
use super::invocation::{Answer, Delivery};
use super::pool::Pool;
use super::schedule::Refusal;
use crate::clock::{Clock, millis};
use crate::guard::AllowedHosts;
use crate::happenings::{Door, HappeningSender};
use crate::ids::trace_header;
use crate::wire::answer::{self as http_answer, Answer as HttpAnswer};
use crate::wire::server::{self, Port};

const REQUEST_ID: HeaderName = HeaderName::from_static("lambda-runtime-aws-request-id");
const INVOCATION_ID: HeaderName = HeaderName::from_static("lambda-runtime-invocation-id");
const DEADLINE: HeaderName = HeaderName::from_static("lambda-runtime-deadline-ms");
const FUNCTION_ARN: HeaderName = HeaderName::from_static("lambda-runtime-invoked-function-arn");
const TRACE_ID: HeaderName = HeaderName::from_static("lambda-runtime-trace-id");

/// How many connections an instance may have at the same time: its runtime uses one or two, and each of its extensions as many.
const CONNECTIONS: usize = 32;

/// The Runtime API of one instance, before its process starts.
pub(super) struct RuntimeApi {
    listener: TcpListener,
    address: SocketAddr,
}

impl RuntimeApi {
    /// Opens a free port of 127.0.0.1.
    pub(super) async fn open() -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// What the process gets as `AWS_LAMBDA_RUNTIME_API`.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `stopping` is cancelled, without a time limit for idle connections: a runtime may be silent for as long as it likes.
    pub(super) async fn serve(
        self,
        pool: Arc<Pool>,
        instance: InstanceId,
        happenings: HappeningSender,
        stopping: CancellationToken,
    ) {
        // Functions get its IP address, so that no name needs to be allowed.
        let hosts = Arc::new(AllowedHosts::default());
        let answer = move |_, request| {
            let (pool, hosts, happenings) = (Arc::clone(&pool), Arc::clone(&hosts), happenings.clone());
            async move {
                match hosts.admit(Door::RuntimeApi, &happenings, request).await {
                    Ok(request) => answer(&pool, instance, request).await.unwrap_or_else(|refusal| refused(&refusal)),
                    Err(refused) => refused,
                }
            }
        };
        server::serve(Port::of_functions(None), self.listener, server::at_most(CONNECTIONS), stopping, answer).await;
    }
}

async fn answer(pool: &Pool, instance: InstanceId, request: Request<Incoming>) -> Result<HttpAnswer, Refusal> {
    let (head, body) = request.into_parts();
    let call = Call::read(&head.method, head.uri.path())?;
    if call == Call::Next {
        // Waits until there is an invocation. It never answers without one, because runtimes don't expect that.
        let delivery = pool.next(instance).await?;
        return Ok(event(pool, delivery));
    }
    let received = answer::read(body).await?;
    let status = answer::status(&received);
    match call {
        Call::Next => {}
        Call::Extension(call) => return extensions::answer(pool, instance, call, &head.headers, received).await,
        Call::Response { request_id } => {
            finish(pool, instance, request_id, &head.headers, answer::payload(received))?;
        }
        Call::Error { request_id } => {
            let error = answer::function_error(received, &head.headers);
            finish(pool, instance, request_id, &head.headers, Err(error))?;
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

/// Reads a method and path: the request id if there is one.
#[cfg(fuzzing)]
pub(super) fn read_call(method: &http::Method, path: &str) -> Result<Option<String>, Refusal> {
    Ok(match Call::read(method, path)? {
        Call::Response { request_id } | Call::Error { request_id } => Some(request_id.to_owned()),
        Call::Next | Call::InitError | Call::Extension(_) => None,
    })
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
