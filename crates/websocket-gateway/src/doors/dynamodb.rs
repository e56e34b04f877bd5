//! The port of the embedded DynamoDB. It lets through what the policies of the functions allow: the store itself does not know who asks.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONNECTION, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Request, StatusCode, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::clock;
use crate::dynamodb::{EmbeddedError, needs};
use crate::guard::{Caller, Refusal};
use crate::happenings::{Door, Level, What};
use crate::service::Service;
use crate::wire::answer::{self, Answer};
use crate::wire::body::{self, Received};
use crate::wire::client::HttpClient;
use crate::wire::server;

/// The largest request in bytes.
/// Source: Amazon DynamoDB developer guide, "Quotas": 16 MB for a batch.
const REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// The port at which functions find the store. A request that comes before [`DynamoDbDoor::serve`] waits.
#[derive(Debug)]
pub(crate) struct DynamoDbDoor {
    listener: TcpListener,
    url: String,
}

/// Why a request does not reach the store.
#[derive(Debug)]
enum Stopped {
    ByGuard(Refusal),
    /// What it asks for can't be read.
    Unreadable,
    TooLarge,
    StoreIsGone(String),
}

impl DynamoDbDoor {
    pub(crate) async fn listen(port: u16) -> Result<Self, EmbeddedError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listening = async {
            let listener = TcpListener::bind(address).await?;
            let url = format!("http://{}", listener.local_addr()?);
            Ok(Self { listener, url })
        };
        listening.await.map_err(|source: io::Error| EmbeddedError::Listen { address, source })
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Serves until the result is dropped. `store` is the URL of the store itself.
    pub(crate) fn serve(self, service: Arc<Service>, store: &str) -> DropGuard {
        let stopping = CancellationToken::new();
        let (store, client): (Arc<str>, _) = (store.into(), HttpClient::new(std::time::Duration::from_secs(10)));
        let answer = move |_, request| {
            let (service, store, client) = (Arc::clone(&service), Arc::clone(&store), client.clone());
            async move {
                let request = service.guard.allowed_hosts.admit(Door::DynamoDb, &service.happenings, request).await;
                match request {
                    Ok(request) => answer(&service, &client, &store, request).await,
                    Err(refused) => return refused,
                }
                .unwrap_or_else(|stopped| stopped.into_answer(&service))
            }
        };
        tokio::spawn(server::serve(
            self.listener,
            server::Patience::FirstHead(std::time::Duration::from_secs(10)),
            server::at_most(2048),
            stopping.clone(),
            answer,
        ));
        stopping.drop_guard()
    }
}

async fn answer(
    service: &Service,
    client: &HttpClient,
    store: &str,
    request: Request<Incoming>,
) -> Result<Answer, Stopped> {
    let (head, body) = request.into_parts();
    // Whole, because the signature is over the whole body.
    let body = match body::read(body, REQUEST_BYTES).await {
        Ok(Received::Whole(body)) => body,
        Ok(Received::TooLarge { .. }) => return Err(Stopped::TooLarge),
        Err(_) => return Err(Stopped::Unreadable),
    };
    permit(service, &head, &body)?;
    let (mut head, body) = client.send(to_store(head, body, store)?).await.map_err(Stopped::StoreIsGone)?;
    // The body is in memory now, in one piece.
    head.headers.remove(TRANSFER_ENCODING);
    Ok(Answer::from_parts(head, Full::from(body)))
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

fn to_store(mut head: Parts, body: Bytes, store: &str) -> Result<Request<Bytes>, Stopped> {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = format!("{store}{path}").parse().map_err(|_| Stopped::Unreadable)?;
    head.version = Version::HTTP_11;
    // These are about the connection that the request came over.
    head.headers.remove(CONNECTION);
    head.headers.remove(TRANSFER_ENCODING);
    Ok(Request::from_parts(head, body))
}

impl Stopped {
    fn into_answer(self, service: &Service) -> Answer {
        let (status, name, message) = match self {
            Self::ByGuard(refusal) => {
                let why = refusal.to_string();
                service.happenings.tell(Level::Warning, || {
                    What::refused(Door::DynamoDb, StatusCode::BAD_REQUEST.as_u16(), format!("DynamoDB: {why}"))
                });
                (StatusCode::BAD_REQUEST, refusal.name(), why)
            }
            Self::Unreadable => (StatusCode::BAD_REQUEST, "SerializationException", String::new()),
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", format!("over {REQUEST_BYTES} bytes"))
            }
            Self::StoreIsGone(why) => {
                service.happenings.tell(Level::Error, || What::StoreFailed { why });
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "the store does not answer".to_owned())
            }
        };
        let body = json!({ "__type": format!("com.amazon.coral.service#{name}"), "message": message });
        answer::with_body(status, HeaderValue::from_static("application/x-amz-json-1.0"), body.to_string())
    }
}
