//! Serving HTTP/1.1 on a listener.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use super::answer::Answer;

/// How long to wait before the next attempt when the system has no more sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Accepts connections until `stopping` is cancelled, and then ends each connection after its current answer.
///
/// With a `patience`, the server closes the connection of a client that takes longer to send the head of a request, or its first byte.
pub(crate) async fn serve<A, F>(
    listener: TcpListener,
    patience: Option<Duration>,
    stopping: CancellationToken,
    answer: A,
) where
    A: Fn(SocketAddr, Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    tokio::spawn(connection(stream, peer, patience, stopping.clone(), answer.clone()));
                }
                Err(error) => {
                    tracing::error!("can't accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
}

async fn connection<A, F>(
    stream: TcpStream,
    peer: SocketAddr,
    patience: Option<Duration>,
    stopping: CancellationToken,
    answer: A,
) where
    A: Fn(SocketAddr, Request<Incoming>) -> F + Send + 'static,
    F: Future<Output = Answer> + Send,
{
    // Small frames must not wait for each other. If the option can't be set, they only arrive later.
    drop(stream.set_nodelay(true));
    let answer = service_fn(|request| {
        let answer = answer(peer, request);
        async { Ok::<_, Infallible>(answer.await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
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
