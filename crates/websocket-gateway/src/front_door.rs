//! One port for all: `/{stage}` is the WebSocket, `/{stage}/@connections/{id}` the API behind it, and Lambda's Invoke API has its own path.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use percent_encoding::percent_decode_str;
use tokio::net::{TcpListener, TcpStream};

use crate::connections;
use crate::lambda_api;
use crate::service::Service;
use crate::websocket;

/// How long a client may take over the head of its request. API Gateway's own patience is not known.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);

/// How long to leave a system alone that has no more sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections until the gateway stops.
pub(crate) async fn serve(service: Arc<Service>, listener: TcpListener) {
    loop {
        tokio::select! {
            biased;
            () = service.stopping.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    tokio::spawn(connection(Arc::clone(&service), stream, peer));
                }
                Err(error) => {
                    tracing::error!("can't accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

async fn connection(service: Arc<Service>, stream: TcpStream, peer: SocketAddr) {
    // Small frames must not wait for each other; without it they only come later.
    drop(stream.set_nodelay(true));
    let stopping = service.stopping.clone();
    let answer = service_fn(move |request| {
        let service = Arc::clone(&service);
        async move { Ok::<_, Infallible>(answer(service, peer, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_PATIENCE)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    tokio::pin!(connection);
    let served = tokio::select! {
        served = &mut connection => served,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!("{peer}: {error}");
    }
}

async fn answer(service: Arc<Service>, peer: SocketAddr, request: Request<Incoming>) -> Response {
    let path = request.uri().path().to_owned();
    let (stage, rest) = split(&path);
    if stage == lambda_api::VERSION {
        return lambda_api::answer(service, rest, request.map(Body::new)).await;
    }
    let deployment = service.deployment();
    if stage != deployment.api.stage.name {
        tracing::warn!("no stage in {path}: it begins with /{}", deployment.api.stage.name);
        return connections::forbidden();
    }
    match rest {
        "" => websocket::handshake(service, peer, request.into_parts().0).await,
        rest => match connection_id(rest) {
            Some(id) => connections::answer(&service, &deployment.api, id, request.map(Body::new)).await,
            None => connections::forbidden(),
        },
    }
}

/// The stage, and what follows it without the slash.
fn split(path: &str) -> (&str, &str) {
    let path = path.trim_start_matches('/');
    path.split_once('/').unwrap_or((path, ""))
}

/// The id of `@connections/{id}`, as it was encoded; the `@` may be encoded too.
fn connection_id(rest: &str) -> Option<&str> {
    let (name, id) = rest.split_at_checked(rest.find('/')? + 1)?;
    (percent_decode_str(name).decode_utf8().ok()? == connections::PREFIX).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_those_of_api_gateway() {
        assert_eq!(split("/prod"), ("prod", ""));
        assert_eq!(split("/prod/"), ("prod", ""));
        assert_eq!(split("/prod/@connections/a%3D"), ("prod", "@connections/a%3D"));
        for rest in ["@connections/a%3D", "%40connections/a%3D"] {
            assert_eq!(connection_id(rest), Some("a%3D"), "{rest}");
        }
        for rest in ["@connections", "connections/a", "x/@connections/a"] {
            assert_eq!(connection_id(rest), None, "{rest}");
        }
    }
}
