//! Serving HTTP/1.1 on a listener.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::answer::Answer;
use super::stream::{Socket, Stream};
use super::tls::Tls;
use super::written_head::HeadKeeper;

/// How long to wait before the next attempt when the system has no more sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// How long answers that are being sent may take once the server stops.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// How long a client may take to send the head of its first request. How long API Gateway waits is not known.
pub(crate) const FIRST_HEAD: Duration = Duration::from_secs(10);

/// How many connections the port of the store serves at the same time: some for each instance of many functions.
pub(crate) const CONNECTIONS_OF_FUNCTIONS: usize = 2048;

/// The other end of a connection, and the place that the connection takes.
#[derive(Clone, Debug)]
pub(crate) struct Peer<P> {
    pub(crate) address: SocketAddr,
    pub(crate) place: P,
    /// Whether it speaks TLS.
    pub(crate) is_tls: bool,
}

/// Admits so many connections at the same time.
pub(crate) fn at_most(connections: usize) -> impl Fn() -> Option<Arc<OwnedSemaphorePermit>> {
    let places = Arc::new(Semaphore::new(connections));
    move || Arc::clone(&places).try_acquire_owned().ok().map(Arc::new)
}

/// How the connections of a port are read.
#[derive(Clone)]
pub(crate) struct Port {
    /// How long a client may take to send the head of a further request, from the end of the answer before, so that it limits idle
    /// connections, too. Without it a connection that has been used once may be idle for as long as its client likes.
    next_head: Option<Duration>,
    /// For clients whose first byte asks for it.
    tls: Option<Tls>,
    keeps_heads: bool,
}

impl Port {
    /// For functions.
    pub(crate) fn of_functions(next_head: Option<Duration>) -> Self {
        Self { next_head, tls: None, keeps_heads: false }
    }

    /// For clients, who may speak TLS. They may take [`FIRST_HEAD`] for every head, and each request has its
    /// [`WrittenHead`](super::written_head::WrittenHead).
    pub(crate) fn of_clients(tls: Option<Tls>) -> Self {
        Self { next_head: Some(FIRST_HEAD), tls, keeps_heads: true }
    }

    /// The same for clients that may speak TLS.
    pub(crate) fn with_tls(self, tls: Option<Tls>) -> Self {
        Self { tls, ..self }
    }
}

/// Accepts connections until `stopping` is cancelled, and then ends each connection after its current answer. No connection is left when this
/// returns or is dropped, except those that have become WebSockets.
///
/// `admit` gives a connection its place. Without one it is closed at once.
pub(crate) async fn serve<P, A, F>(
    port: Port,
    listener: TcpListener,
    admit: impl Fn() -> Option<P>,
    stopping: CancellationToken,
    answer: A,
) where
    P: Clone + Send + Sync + 'static,
    A: Fn(Peer<P>, Request<Incoming>) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Answer> + Send + 'static,
{
    let connections = TaskTracker::new();
    let cut = CancellationToken::new();
    let _cut_on_drop = cut.clone().drop_guard();
    let mut is_full = false;
    loop {
        tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    let place = admit();
                    if place.is_none() && !is_full {
                        tracing::error!("more connections than this process has room for: new ones are closed at once");
                    }
                    is_full = place.is_none();
                    if let Some(place) = place {
                        let peer = Peer { address, place, is_tls: false };
                        let connection = connection(stream, peer, port.clone(), stopping.clone(), answer.clone());
                        connections.spawn(cut.clone().run_until_cancelled_owned(connection));
                    }
                }
                Err(error) => {
                    tracing::error!("can't accept a connection: {error}");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
        }
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(LAST_ANSWERS, connections.wait()).await.is_err() {
        cut.cancel();
        connections.wait().await;
    }
}

async fn connection<P, A, F>(stream: TcpStream, mut peer: Peer<P>, port: Port, stopping: CancellationToken, answer: A)
where
    P: Clone + Send + Sync + 'static,
    A: Fn(Peer<P>, Request<Incoming>) -> F + Send + Sync + 'static,
    F: Future<Output = Answer> + Send,
{
    // Small frames must not wait for each other. If the option can't be set, they only arrive later.
    drop(stream.set_nodelay(true));
    let deadline = Instant::now() + FIRST_HEAD;
    let opened = tokio::select! {
        opened = open(stream, port.tls) => opened,
        () = sleep_until(deadline) => return,
        () = stopping.cancelled() => return,
    };
    let socket = match opened {
        Ok(socket) => socket,
        // What rustls finds wrong, and not a client that has only left.
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return tracing::info!("a TLS handshake of {} failed: {error}", peer.address);
        }
        Err(error) => return tracing::debug!("{}: {error}", peer.address),
    };
    peer.is_tls = socket.is_tls();
    let has_asked = AtomicBool::new(false);
    let heads = port.keeps_heads.then(|| Arc::new(HeadKeeper::new()));
    let stream = Stream::new(socket, heads.clone());
    let answer = service_fn(|mut request| {
        has_asked.store(true, Ordering::Relaxed);
        if let Some(heads) = &heads {
            request.extensions_mut().insert(heads.take());
        }
        let (answer, heads) = (answer(peer.clone(), request), heads.clone());
        async move {
            let answer = answer.await;
            if let Some(heads) = heads {
                heads.expect_next();
            }
            Ok::<_, Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(port.next_head)
        .serve_connection(TokioIo::new(stream), answer)
        .with_upgrades();
    tokio::pin!(connection);
    let served = tokio::select! {
        served = &mut connection => served,
        () = silent(&has_asked, deadline) => return,
        () = stopping.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = served {
        tracing::debug!("{}: {error}", peer.address);
    }
}

/// Begins TLS if the client's first byte says so.
async fn open(stream: TcpStream, tls: Option<Tls>) -> io::Result<Socket> {
    #[cfg(feature = "tls")]
    if let Some(tls) = tls
        && super::tls::is_wanted(&stream).await?
    {
        // Boxed, so that a plain connection does not pay for the size of a handshake.
        return Box::pin(tls.accept(stream)).await.map(|stream| Socket::Tls(Box::new(stream)));
    }
    #[cfg(not(feature = "tls"))]
    let None::<Tls> = tls;
    Ok(Socket::Plain(stream))
}

/// Waits until it is clear that a client sends nothing; for ever if it does.
async fn silent(has_asked: &AtomicBool, deadline: Instant) {
    sleep_until(deadline).await;
    if has_asked.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Weak;

    use http::StatusCode;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::sync::Notify;
    use tokio::task::{JoinHandle, yield_now};

    use super::*;
    use crate::wire::answer;

    const REQUEST: &str = "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n";

    /// A server that is asked for one answer, which waits.
    struct Serving {
        address: SocketAddr,
        asked: Arc<Notify>,
        may_answer: Arc<Notify>,
        /// Upgrades as long as a connection is left: each has a clone as its place.
        connections: Weak<()>,
        stopping: CancellationToken,
        task: JoinHandle<()>,
    }

    impl Serving {
        async fn start() -> Self {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let (asked, may_answer) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
            let (stopping, place) = (CancellationToken::new(), Arc::new(()));
            let connections = Arc::downgrade(&place);
            let gates = (Arc::clone(&asked), Arc::clone(&may_answer));
            let answer = move |_, _| {
                let (asked, may_answer) = gates.clone();
                async move {
                    asked.notify_one();
                    may_answer.notified().await;
                    answer::text(StatusCode::OK, "the answer")
                }
            };
            let admit = move || Some(Arc::clone(&place));
            let task = tokio::spawn(serve(Port::of_functions(None), listener, admit, stopping.clone(), answer));
            Self { address, asked, may_answer, connections, stopping, task }
        }

        async fn client(&self, text: &str) -> TcpStream {
            let mut client = TcpStream::connect(self.address).await.unwrap();
            client.write_all(text.as_bytes()).await.unwrap();
            client
        }
    }

    async fn hear(mut client: TcpStream) -> String {
        let mut heard = Vec::new();
        // It does not matter how the end comes.
        let _ = client.read_to_end(&mut heard).await;
        String::from_utf8(heard).unwrap()
    }

    #[tokio::test]
    async fn a_server_has_stopped_when_its_last_answer_is_sent_and_no_connection_is_left() {
        let serving = Serving::start().await;
        // Connections are accepted in their order, so the server has these two when it is asked by the third.
        let others = [serving.client("").await, serving.client("GET / HT").await];
        let client = serving.client(REQUEST).await;
        serving.asked.notified().await;

        serving.stopping.cancel();
        // Long enough for a server that does not wait.
        for _ in 0..100 {
            yield_now().await;
        }
        assert!(!serving.task.is_finished(), "it does not wait for the answer");
        serving.may_answer.notify_one();
        serving.task.await.unwrap();
        assert!(serving.connections.upgrade().is_none(), "connections are left");
        assert!(hear(client).await.ends_with("the answer"));
        for other in others {
            assert_eq!(hear(other).await, "");
        }
    }

    #[tokio::test]
    async fn an_answer_that_does_not_come_delays_the_stop_only_for_a_moment() {
        let serving = Serving::start().await;
        let client = serving.client(REQUEST).await;
        serving.asked.notified().await;
        serving.stopping.cancel();
        serving.task.await.unwrap();
        assert!(serving.connections.upgrade().is_none(), "connections are left");
        assert_eq!(hear(client).await, "");
    }
}
