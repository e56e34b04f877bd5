//! WebSocket clients, each in a closed loop: it sends, waits for the answer, and sends again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::Error;
use crate::process::Process;

/// A connected client.
pub(crate) type Client = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How long a loop runs before its figures count.
pub(crate) const WARM_UP: Duration = Duration::from_millis(500);

/// How long a loop is measured.
pub(crate) const MEASURED: Duration = Duration::from_secs(4);

/// The figures of a loop.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Loop {
    /// Answers in a second, of all clients together.
    pub(crate) rate: f64,
    /// The time from a message to its answer that half of them did not exceed.
    pub(crate) p50: Duration,
    /// The time that 99 of 100 did not exceed.
    pub(crate) p99: Duration,
    /// The CPU time that the server took for a message, in µs.
    pub(crate) server_us: f64,
    /// The same of the server's child processes.
    pub(crate) children_us: f64,
    /// How many child processes the server had at the end.
    pub(crate) children: usize,
}

/// Connects `count` clients.
///
/// # Errors
/// If a client can't connect.
pub(crate) async fn connect(url: &str, count: usize) -> Result<Vec<Client>, Error> {
    let mut clients = Vec::with_capacity(count);
    for _ in 0..count {
        clients.push(connect_async(url).await?.0);
    }
    Ok(clients)
}

/// Sends and waits, with all clients at once.
///
/// # Errors
/// If a connection fails.
pub(crate) async fn run(clients: Vec<Client>, server: Process) -> Result<Loop, Error> {
    let (measuring, stopping) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let loops: Vec<_> = clients
        .into_iter()
        .map(|client| tokio::spawn(closed_loop(client, Arc::clone(&measuring), Arc::clone(&stopping))))
        .collect();
    tokio::time::sleep(WARM_UP).await;
    let before = (server.cpu(), of_children(server), Instant::now());
    measuring.store(true, Ordering::Relaxed);
    tokio::time::sleep(MEASURED).await;
    measuring.store(false, Ordering::Relaxed);
    let (own, children, took) =
        (server.cpu() - before.0, of_children(server).saturating_sub(before.1), before.2.elapsed());
    stopping.store(true, Ordering::Relaxed);
    let mut times = Vec::new();
    for one in loops {
        times.extend(one.await??);
    }
    times.sort_unstable();
    let per_message = |cpu: Duration| cpu.as_secs_f64() * 1e6 / times.len() as f64;
    let percentile = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or_default();
    Ok(Loop {
        rate: times.len() as f64 / took.as_secs_f64(),
        p50: percentile(50),
        p99: percentile(99),
        server_us: per_message(own),
        children_us: per_message(children),
        children: server.children().len(),
    })
}

fn of_children(server: Process) -> Duration {
    server.children().into_iter().map(Process::cpu).sum()
}

/// The middle one. There is at least one.
pub(crate) fn median(values: &mut [f64]) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

async fn closed_loop(
    mut client: Client,
    measuring: Arc<AtomicBool>,
    stopping: Arc<AtomicBool>,
) -> Result<Vec<Duration>, Error> {
    let mut times = Vec::new();
    while !stopping.load(Ordering::Relaxed) {
        let sent = Instant::now();
        client.send(Message::text("hi")).await?;
        client.next().await.ok_or("the server has closed")??;
        if measuring.load(Ordering::Relaxed) {
            times.push(sent.elapsed());
        }
    }
    Ok(times)
}
