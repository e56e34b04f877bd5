//! `@connections` as the SDK sees it: a request and its answer, without a network between them.

use std::fmt;

use aws_sdk_apigatewaymanagement::config::http::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn};
use aws_smithy_runtime_api::client::result::ConnectorError;

use super::Answer;
use crate::aws;
use crate::cause::BoxError;
use crate::connections::Connections;

/// A call to `@connections`.
pub(super) enum Call {
    Post { to: String, text: String },
    Get { id: String },
    Close { id: String },
}

impl Call {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Post { to: id, .. } | Self::Get { id } | Self::Close { id } => id,
        }
    }

    fn of(request: &HttpRequest) -> Result<Self, BoxError> {
        let (_, id) = request.uri().rsplit_once('/').ok_or("no connection id")?;
        // Of the letters of an id, only this one is escaped in a path.
        let id = id.replace("%3D", "=");
        match request.method() {
            "POST" => {
                let body = request.body().bytes().unwrap_or_default().to_owned();
                Ok(Self::Post { to: id, text: String::from_utf8(body)? })
            }
            "GET" => Ok(Self::Get { id }),
            "DELETE" => Ok(Self::Close { id }),
            other => Err(format!("@connections has no {other}").into()),
        }
    }

    fn success(&self) -> (u16, &'static str) {
        match self {
            Self::Post { .. } => (200, ""),
            Self::Get { .. } => (200, INFO),
            Self::Close { .. } => (204, ""),
        }
    }
}

/// What API Gateway says of an open connection.
const INFO: &str = r#"{"connectedAt":"2025-11-06T11:00:00.123Z","identity":{"sourceIp":"192.0.2.1","userAgent":"Mozilla/5.0 (X11; Linux x86_64)"},"lastActiveAt":"2025-11-06T11:00:02.340Z"}"#;

/// The API whose calls are answered so.
pub(super) fn connections(answer: impl Fn(Call) -> Answer + Send + Sync + 'static) -> Connections {
    let wire = SharedHttpConnector::new(Wire(answer));
    Connections::of(aws::client_over(http_client_fn(move |_, _| wire.clone())))
}

struct Wire<F>(F);

impl<F: Fn(Call) -> Answer + Send + Sync> HttpConnector for Wire<F> {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        HttpConnectorFuture::ready(self.respond(&request).map_err(ConnectorError::user))
    }
}

impl<F: Fn(Call) -> Answer> Wire<F> {
    fn respond(&self, request: &HttpRequest) -> Result<HttpResponse, BoxError> {
        let call = Call::of(request)?;
        let success = call.success();
        let (status, body) = match (self.0)(call) {
            Answer::Open => success,
            Answer::Gone => (410, ""),
            Answer::Throttled => (429, ""),
            Answer::Forbidden => (403, ""),
            Answer::Failed => (500, ""),
        };
        Ok(HttpResponse::new(status.try_into()?, body.into()))
    }
}

impl<F> fmt::Debug for Wire<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wire").finish_non_exhaustive()
    }
}
