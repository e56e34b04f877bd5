//! What stands before the embedded DynamoDB: it lets through what the policies of the functions allow. The store itself does not know who
//! asks.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_TYPE, ORIGIN, TRANSFER_ENCODING};
use http::request::Parts;
use http::{HeaderMap, Request, StatusCode, Version};
use hyper::body::Incoming;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::embedded::EmbeddedError;
use super::needs::needs;
use crate::bounded_body::{self, Received};
use crate::clock;
use crate::guard::{Caller, Guard, Refusal};
use crate::http_client::HttpClient;
use crate::http_server;
use crate::service::Service;

/// The largest request in bytes.
/// Source: Amazon DynamoDB developer guide, "Quotas": 16 MB for a batch.
const REQUEST_BYTES: usize = 16 * 1024 * 1024;

/// The port at which functions find the store. Whoever comes before it is served waits.
#[derive(Debug)]
pub(crate) struct Front {
    listener: TcpListener,
    url: String,
}

/// Why a request goes no further.
#[derive(Debug)]
enum Stopped {
    ByGuard(Refusal),
    /// Nobody can tell what it wants.
    Unreadable,
    TooLarge,
    StoreIsGone(String),
}

impl Front {
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
        let (store, client): (Arc<str>, _) = (store.into(), HttpClient::new());
        let answer = move |_, request| {
            let (service, store, client) = (Arc::clone(&service), Arc::clone(&store), client.clone());
            async move { answer(&service, &client, &store, request).await.unwrap_or_else(IntoResponse::into_response) }
        };
        tokio::spawn(http_server::serve(self.listener, None, stopping.clone(), answer));
        stopping.drop_guard()
    }
}

async fn answer(
    service: &Service,
    client: &HttpClient,
    store: &str,
    request: Request<Incoming>,
) -> Result<Response, Stopped> {
    let (head, body) = request.into_parts();
    // Whole, because it is signed as a whole.
    let body = match bounded_body::read(body, REQUEST_BYTES).await {
        Ok(Received::Whole(body)) => body,
        Ok(Received::TooLarge { .. }) => return Err(Stopped::TooLarge),
        Err(_) => return Err(Stopped::Unreadable),
    };
    // Any page on the web can make a browser send requests to this machine.
    if head.headers.contains_key(ORIGIN) {
        return Err(Stopped::ByGuard(Refusal::UnknownKeys));
    }
    permit(service, &head, &body)?;
    let answer = client.forward(to_store(head, body, store)?).await.map_err(Stopped::StoreIsGone)?;
    Ok(answer.map(Body::new))
}

fn permit(service: &Service, head: &Parts, body: &[u8]) -> Result<(), Stopped> {
    let caller = match service.guard.identify("dynamodb", head, body, clock::real_seconds()) {
        // Their tools sign with whatever they have: a store on one's own machine takes any key.
        Err(Refusal::UnknownKeys) if !service.guard.strict => Caller::Person,
        caller => caller.map_err(Stopped::ByGuard)?,
    };
    let Some(target) = target(&head.headers).filter(|_| caller != Caller::Person) else { return Ok(()) };
    let deployment = service.deployment();
    for need in needs(target, body).map_err(|_| Stopped::Unreadable)? {
        let resource = need.resource.arn(&deployment.api.account);
        Guard::authorize(&deployment.api, &caller, &need.action, &resource).map_err(Stopped::ByGuard)?;
    }
    Ok(())
}

/// What is to be done, as in `DynamoDB_20120810.PutItem`.
fn target(headers: &HeaderMap) -> Option<&str> {
    let target = headers.get("x-amz-target")?.to_str().ok()?;
    target.split_once('.').map(|(_, operation)| operation)
}

fn to_store(mut head: Parts, body: Bytes, store: &str) -> Result<Request<Bytes>, Stopped> {
    let path = head.uri.path_and_query().map_or("/", |path| path.as_str());
    head.uri = format!("{store}{path}").parse().map_err(|_| Stopped::Unreadable)?;
    head.version = Version::HTTP_11;
    // These are about the connection that the request came by.
    head.headers.remove(CONNECTION);
    head.headers.remove(TRANSFER_ENCODING);
    Ok(Request::from_parts(head, body))
}

impl IntoResponse for Stopped {
    fn into_response(self) -> Response {
        let (status, name, message) = match &self {
            Self::ByGuard(refusal) => {
                tracing::warn!("DynamoDB: {refusal}");
                (StatusCode::BAD_REQUEST, refusal.name(), refusal.to_string())
            }
            Self::Unreadable => (StatusCode::BAD_REQUEST, "SerializationException", String::new()),
            Self::TooLarge => {
                (StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", format!("over {REQUEST_BYTES} bytes"))
            }
            Self::StoreIsGone(why) => {
                tracing::error!("the embedded DynamoDB does not answer: {why}");
                (StatusCode::INTERNAL_SERVER_ERROR, "InternalServerError", "the store does not answer".to_owned())
            }
        };
        let body = json!({ "__type": format!("com.amazon.coral.service#{name}"), "message": message }).to_string();
        (status, [(CONTENT_TYPE, "application/x-amz-json-1.0")], body).into_response()
    }
}
