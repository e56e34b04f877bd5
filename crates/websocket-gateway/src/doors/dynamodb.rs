//! The port of the embedded DynamoDB. It lets through what the policies of the functions allow: the store itself does not know who asks.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use hyper::body::Incoming;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock;
use crate::dynamodb::{EmbeddedError, Queue, Unanswered, needs, protocol};
use crate::guard::{Caller, Refusal};
use crate::happenings::{Door, Level, What};
use crate::service::Service;
use crate::wire::answer::Answer;
use crate::wire::body::{self, Received, Unreadable};
use crate::wire::server::{self, Port};
use crate::wire::tls::Tls;

/// The largest request in bytes.
/// Source: Amazon DynamoDB developer guide, "Quotas": 16 MB for a batch.
const REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// How long a client may take to send the head of a further request. The time begins with the end of the answer before, so it limits how long a
/// connection may be idle, too: the SDKs that have a limit of their own keep an idle connection for 90 s at most.
const HEAD_PATIENCE: Duration = Duration::from_secs(120);

/// The port at which functions find the store. A request that comes before [`DynamoDbDoor::serve`] waits.
#[derive(Debug)]
pub(crate) struct DynamoDbDoor {
    listener: TcpListener,
    address: SocketAddr,
}

/// The port while it is served.
#[derive(Debug)]
pub(crate) struct OpenDoor {
    stopping: DropGuard,
    task: JoinHandle<()>,
}

/// Why a request does not reach the store.
#[derive(Debug)]
enum Stopped {
    ByGuard(Refusal),
    /// What it asks for can't be read.
    Unreadable,
    TooLarge,
    TooSlow,
    Unanswered(Unanswered),
}

impl DynamoDbDoor {
    pub(crate) async fn listen(port: u16) -> Result<Self, EmbeddedError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listening = async {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        listening.await.map_err(|source: io::Error| EmbeddedError::Listen { address, source })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until the result is closed or dropped. Requests that are let through go into `store`.
    /// An SDK that can't be told where the store is comes with TLS, because its runtime leads calls of DynamoDB's own host here.
    pub(crate) fn serve(self, service: Arc<Service>, store: Queue, tls: Option<Tls>) -> OpenDoor {
        let stopping = CancellationToken::new();
        let answer = move |_, request| {
            let (service, store) = (Arc::clone(&service), store.clone());
            async move {
                match service.guard.allowed_hosts.admit(Door::DynamoDb, &service.happenings, request).await {
                    Ok(request) => {
                        let answer = answer(&service, &store, request).await;
                        answer.unwrap_or_else(|stopped| stopped.into_answer(&service))
                    }
                    Err(refused) => refused,
                }
            }
        };
        let admit = server::at_most(server::CONNECTIONS_OF_FUNCTIONS);
        let port = Port::of_functions(Some(HEAD_PATIENCE)).with_tls(tls);
        let served = server::serve(port, self.listener, admit, stopping.clone(), answer);
        OpenDoor { task: tokio::spawn(served), stopping: stopping.drop_guard() }
    }
}

impl OpenDoor {
    /// Waits until no connection is left.
    pub(crate) async fn close(self) {
        drop(self.stopping);
        // It panics only if serving a connection does, and that ends no more than the connection.
        let _ = self.task.await;
    }
}

async fn answer(service: &Service, store: &Queue, request: Request<Incoming>) -> Result<Answer, Stopped> {
    let (head, body) = request.into_parts();
    // Whole, because the signature is over the whole body.
    let body = match body::read(body, REQUEST_BYTES).await {
        Ok(Received::Whole(body)) => body,
        Ok(Received::TooLarge { .. }) => return Err(Stopped::TooLarge),
        Err(Unreadable::TooSlow) => return Err(Stopped::TooSlow),
        Err(Unreadable::BrokeOff(_)) => return Err(Stopped::Unreadable),
    };
    permit(service, &head, &body)?;
    let operation = match protocol::operation(&head, &body, service.guard.credentials.region()) {
        Ok(operation) => operation,
        Err(answer) => return Ok(*answer),
    };
    match store.call(operation, body).await {
        Ok(json) => Ok(protocol::answer(&head, StatusCode::OK, json)),
        Err(Unanswered::Refused(error)) => {
            let answer = protocol::refusal(&head, &error);
            if answer.status().is_server_error() {
                service.happenings.tell(Level::Error, || What::StoreFailed { why: error.to_string() });
            }
            Ok(answer)
        }
        Err(unanswered) => Err(Stopped::Unanswered(unanswered)),
    }
}

fn permit(service: &Service, head: &Parts, body: &[u8]) -> Result<(), Stopped> {
    let caller = service.guard.identify("dynamodb", head, body, clock::real_seconds()).map_err(Stopped::ByGuard)?;
    let Some(target) = target(&head.headers).filter(|_| caller != Caller::Person) else { return Ok(()) };
    let deployment = service.deployment();
    for need in needs(target, body).map_err(|_| Stopped::Unreadable)? {
        let resource = need.resource.arn(&deployment.api.account);
        caller.check_permission(&deployment.api, &need.action, &resource).map_err(Stopped::ByGuard)?;
    }
    Ok(())
}

/// The operation, as in `DynamoDB_20120810.PutItem`.
fn target(headers: &HeaderMap) -> Option<&str> {
    let target = headers.get("x-amz-target")?.to_str().ok()?;
    target.split_once('.').map(|(_, operation)| operation)
}

impl Stopped {
    fn into_answer(self, service: &Service) -> Answer {
        let tell_refused = |status: StatusCode, why: &str| {
            service
                .happenings
                .tell(Level::Warning, || What::refused(Door::DynamoDb, status.as_u16(), format!("DynamoDB: {why}")));
        };
        let (status, name, message) = match self {
            Self::ByGuard(refusal) => {
                let why = refusal.to_string();
                tell_refused(StatusCode::BAD_REQUEST, &why);
                (StatusCode::BAD_REQUEST, refusal.name(), why)
            }
            Self::Unreadable => (StatusCode::BAD_REQUEST, "SerializationException", String::new()),
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", format!("over {REQUEST_BYTES} bytes"))
            }
            Self::TooSlow => {
                let why = Unreadable::TooSlow.to_string();
                tell_refused(StatusCode::REQUEST_TIMEOUT, &why);
                (StatusCode::REQUEST_TIMEOUT, "RequestTimeoutException", why)
            }
            // SDKs try again after a while.
            Self::Unanswered(Unanswered::Busy) => {
                tell_refused(StatusCode::BAD_REQUEST, &Unanswered::Busy.to_string());
                let message = "Rate of requests exceeds the allowed throughput.".to_owned();
                (StatusCode::BAD_REQUEST, "ThrottlingException", message)
            }
            Self::Unanswered(unanswered) => {
                service.happenings.tell(Level::Error, || What::StoreFailed { why: unanswered.to_string() });
                let message = "The request processing has failed because of an unknown error".to_owned();
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", message)
            }
        };
        let body = json!({ "__type": format!("com.amazon.coral.service#{name}"), "message": message });
        let content_type = HeaderValue::from_static("application/x-amz-json-1.0");
        protocol::with_headers(status, Some(content_type), body.to_string())
    }
}
