//! Requests to other servers: a DynamoDB, a Lambda. Both run on this machine or near it, so the client has no TLS.

use std::error::Error;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use http::response::Parts;
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

use super::body::{self, Received};

/// The largest answer in bytes: more than DynamoDB (16 MB) and Lambda (6 MB) ever send.
const ANSWER_BYTES: usize = 32 * 1024 * 1024;

/// How long a server may take to accept a connection.
pub(crate) const CONNECT_PATIENCE: Duration = Duration::from_secs(5);

/// An HTTP client. A clone shares its connections.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    client: Client<HttpConnector, Full<Bytes>>,
    patience: Duration,
}

impl HttpClient {
    /// A client that waits this long for an answer.
    pub(crate) fn new(patience: Duration) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_connect_timeout(Some(CONNECT_PATIENCE));
        Self { client: Client::builder(TokioExecutor::new()).build(connector), patience }
    }

    /// Sends a request and reads the whole answer. The error is the cause in words.
    pub(crate) async fn send(&self, request: Request<Bytes>) -> Result<(Parts, Bytes), String> {
        let answer = tokio::time::timeout(self.patience, self.client.request(request.map(Full::from))).await;
        let answer = answer.map_err(|_| format!("it did not answer within {} s", self.patience.as_secs()))?;
        let (head, body) = answer.map_err(|error| cause(&error))?.into_parts();
        match body::read(body, ANSWER_BYTES).await.map_err(|error| error.to_string())? {
            Received::Whole(body) => Ok((head, body)),
            Received::TooLarge { bytes } => Err(format!("the answer has {bytes} bytes, more than {ANSWER_BYTES}")),
        }
    }
}

/// The error at the end of the chain of causes: the client's own message says only that it could not connect.
fn cause(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}
