//! Serving HTTP on a listener: the front door, and what stands before the store.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use axum::response::Response;
use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// How long a client may take over the head of its request. API Gateway's own patience is not known.
const HEADER_PATIENCE: Duration = Duration::from_secs(10);

/// How long to leave a system alone that has no more sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections until it is to stop, and then ends them when they have answered.
pub(crate) async fn serve<A, F>(listener: TcpListener, stopping: CancellationToken, answer: A)
where
    A: Fn(SocketAddr, Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Response> + Send + 'static,
{
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    tokio::spawn(connection(stream, peer, stopping.clone(), answer.clone()));
                }
                Err(error) => {
                    tracing::error!("can't accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

async fn connection<A, F>(stream: TcpStream, peer: SocketAddr, stopping: CancellationToken, answer: A)
where
    A: Fn(SocketAddr, Request<Incoming>) -> F + Send + 'static,
    F: Future<Output = Response> + Send,
{
    // Small frames must not wait for each other; without it they only come later.
    drop(stream.set_nodelay(true));
    let answer = service_fn(|request| {
        let answer = answer(peer, request);
        async { Ok::<_, Infallible>(answer.await) }
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
