//! Clients that stop in the middle of what they send, on every port that the gateway listens on.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::{MEMORY_SLACK, Scene};
use crate::Error;
use crate::client::tcp;
use crate::gateway::Workshop;
use crate::report::Report;

/// How many stop on the port of the API, and on each other port.
const CLIENTS: usize = 1000;
const ELSEWHERE: usize = 100;

/// How long the gateway may wait for the rest: ten seconds for a head, as long as an integration for a body, and something for a busy machine.
const HUNG_UP_WITHIN: Duration = Duration::from_secs(45);

/// How many connect at once.
const AT_ONCE: usize = 32;

/// Where they stop.
const STOPS: [(&str, &str); 5] = [
    ("before the first byte", ""),
    ("in the first message of a TLS handshake", "\x16\x03\x01\x00\x7a\x01\x00\x00\x76\x03\x03"),
    ("in the request line", "GET /te"),
    ("in the head", "GET /test HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: webso"),
    (
        "in the body",
        "POST /test/@connections/eHrdFcnvvHcCE-w%3D HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
         content-length: 1000\r\n\r\n{\"half\":",
    ),
];

pub(super) async fn run(report: &mut Report, workshop: &Workshop) -> Result<(), Error> {
    let scene = Scene::new(report, workshop, &[], 29).await?;
    let ports = scene.gateway.process.ports();
    report.note("ports", format_args!("{ports:?}"));
    let main: u16 = scene.gateway.address().rsplit(':').next().unwrap_or_default().parse()?;
    let quiet = scene.quiet();
    let mut clients = JoinSet::new();
    let mut stops = Vec::new();
    let mut asked: BTreeMap<(u16, &str), usize> = BTreeMap::new();
    for port in ports {
        for n in 0..if port == main { CLIENTS } else { ELSEWHERE } {
            let (name, text) = STOPS[n % STOPS.len()];
            *asked.entry((port, name)).or_default() += 1;
            stops.push((port, name, text));
        }
    }
    // Not all at once: if the system's queue for new connections is full, a client that sends nothing is connected to nobody, and does not know.
    let mut stopping = stream::iter(stops).map(stop).buffer_unordered(AT_ONCE);
    while let Some(stopped) = stopping.next().await {
        let (port, name, mut connection) = stopped?;
        clients.spawn(async move {
            // An answer before the end does not matter, nor how the end comes.
            let end = timeout(HUNG_UP_WITHIN, connection.read_to_end(&mut Vec::new())).await;
            end.is_ok().then_some((port, name))
        });
    }
    let mut hung_up: BTreeMap<(u16, &str), usize> = BTreeMap::new();
    while let Some(client) = clients.join_next().await {
        if let Some(which) = client? {
            *hung_up.entry(which).or_default() += 1;
        }
    }
    scene.judge(report, &quiet.finish().await);
    for ((port, name), asked) in asked {
        let (seen, whose) =
            (hung_up.get(&(port, name)).copied().unwrap_or(0), if port == main { "API" } else { "other" });
        let what = format!("hung up within {HUNG_UP_WITHIN:?} on clients of the {whose} port {port} that stop {name}");
        if port != main && name == STOPS[0].0 {
            // That looks like an SDK that keeps a connection for its next call.
            report.note(&what, format_args!("{seen} of {asked}"));
        } else {
            report.check(&what, seen == asked, asked, seen);
        }
    }
    scene.end(report, workshop, MEMORY_SLACK).await
}

/// Connects and sends the beginning.
async fn stop((port, name, text): (u16, &'static str, &str)) -> Result<(u16, &'static str, TcpStream), Error> {
    let mut stream = tcp(&format!("127.0.0.1:{port}")).await?;
    stream.write_all(text.as_bytes()).await?;
    Ok((port, name, stream))
}
