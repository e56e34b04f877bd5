//! Functions that run elsewhere, behind a server of Lambda's Invoke API.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::response::Parts;
use http::{Request, StatusCode};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::net::TcpStream;

use super::concurrency::{Concurrency, InProgress};
use super::error::InvokeError;
use super::error_report::ErrorReport;
use super::fault;
use crate::api::Function;
use crate::api::limits::{CONCURRENCY, LONGEST_FUNCTION_TIMEOUT};
use crate::faults::OfInvocation;
use crate::secrets::without_userinfo;
use crate::wire::client::{CONNECT_PATIENCE, HttpClient};

/// The version of the Invoke API, which every path of it begins with.
pub(crate) const INVOKE_API: &str = "2015-03-31";

/// A server of Lambda's Invoke API, for example `cargo lambda watch` or `sam local start-lambda`.
#[derive(Debug)]
pub(crate) struct RemoteLambda {
    url: String,
    client: HttpClient,
    concurrency: Concurrency,
    /// The name by which the server knows a function, by the function's logical id.
    known_as: Mutex<HashMap<String, String>>,
}

impl RemoteLambda {
    /// Checks that a server listens at the URL.
    ///
    /// # Errors
    /// The reason as text, if no server listens there or the URL is not valid.
    pub(crate) async fn connect(url: &str) -> Result<Self, String> {
        // A user and a password would not be sent, but would be in every error.
        let url = without_userinfo(url);
        let uri: http::Uri = url.parse().map_err(|error| format!("{error}"))?;
        let host = uri.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
        let connecting = TcpStream::connect((host, uri.port_u16().unwrap_or(80)));
        let connected = tokio::time::timeout(CONNECT_PATIENCE, connecting).await;
        connected
            .map_err(|_| format!("no connection within {} s", CONNECT_PATIENCE.as_secs()))?
            .map_err(|error| error.to_string())?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            // The server knows the function's own `Timeout`, and may compile the function first.
            client: HttpClient::new(LONGEST_FUNCTION_TIMEOUT),
            concurrency: Concurrency::of_account(CONCURRENCY),
            known_as: Mutex::default(),
        })
    }

    /// Invokes a function and waits for its answer.
    ///
    /// Servers use different names for a function: cargo-lambda its binary, SAM its logical id, AWS its name. The first name that the server
    /// knows is remembered.
    pub(super) async fn invoke(
        &self,
        function: &Function,
        event: Bytes,
        fault: OfInvocation,
    ) -> Result<Bytes, InvokeError> {
        let in_progress = self.concurrency.begin()?;
        self.invoke_counted(function, event, fault, in_progress).await
    }

    /// The same, but waits instead of being throttled.
    pub(super) async fn invoke_when_allowed(
        &self,
        function: &Function,
        event: Bytes,
        fault: OfInvocation,
    ) -> Result<Bytes, InvokeError> {
        let in_progress = self.concurrency.begin_when_allowed().await;
        self.invoke_counted(function, event, fault, in_progress).await
    }

    async fn invoke_counted(
        &self,
        function: &Function,
        event: Bytes,
        fault: OfInvocation,
        _: InProgress,
    ) -> Result<Bytes, InvokeError> {
        fault::meet(fault, function.timeout).await?;
        let names = self.names(function);
        for name in &names {
            let (head, body) = self.call(name, event.clone()).await?;
            if head.status == StatusCode::NOT_FOUND {
                continue;
            }
            self.lock().insert(function.logical_id.clone(), name.clone());
            return answer(&head, body, &self.url);
        }
        let why = format!("it does not know a function by any of these names: {}", names.join(", "));
        Err(InvokeError::Endpoint { url: self.url.clone(), why })
    }

    /// The names to try, in this order.
    fn names(&self, function: &Function) -> Vec<String> {
        let names = [function.binary(), Some(&function.logical_id), Some(&function.name)];
        let mut names: Vec<_> = names.into_iter().flatten().map(str::to_owned).collect();
        // A reload may have changed its names, so the others are tried, too.
        if let Some(known) = self.lock().get(&function.logical_id) {
            names.sort_by_key(|name| name != known);
        }
        names
    }

    async fn call(&self, name: &str, event: Bytes) -> Result<(Parts, Bytes), InvokeError> {
        let failed = |why| InvokeError::Endpoint { url: self.url.clone(), why };
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        let request = Request::post(format!("{}/{INVOKE_API}/functions/{name}/invocations", self.url))
            .body(event)
            .map_err(|error| failed(error.to_string()))?;
        self.client.send(request).await.map_err(failed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, String>> {
        self.known_as.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The function's answer or error. Lambda reports a function's error with status 200 and a header, cargo-lambda with status 500.
pub(super) fn answer(head: &Parts, body: Bytes, url: &str) -> Result<Bytes, InvokeError> {
    // `Handled` or `Unhandled`.
    let kind = head.headers.get("x-amz-function-error");
    if head.status.is_success() && kind.is_none() {
        return Ok(body);
    }
    let report = ErrorReport::read(&body);
    match report.error_type.or_else(|| Some(kind?.to_str().ok()?.to_owned())) {
        Some(error_type) => Err(InvokeError::FunctionError {
            error_type,
            message: report.error_message.unwrap_or_default(),
            payload: body,
        }),
        None => Err(InvokeError::Endpoint { url: url.to_owned(), why: format!("it answered {}", head.status) }),
    }
}
