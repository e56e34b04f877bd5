//! Clients that stop in the middle of what they send, on every port that the gateway listens on.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::Scene;
use crate::Error;
use crate::client::tcp;
use crate::gateway::Workshop;
use crate::report::Report;

/// How many stop on the port of the API, and on each other port.
const CLIENTS: usize = 1000;
const ELSEWHERE: usize = 100;

/// How long the gateway may wait for the rest: ten seconds for a head, as long as an integration for a body, and something for a busy machine.
const HUNG_UP_WITHIN: Duration = Duration::from_secs(45);

/// Where they stop.
const STOPS: [(&str, &str); 4] = [
    ("before the first byte", ""),
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
    let mut asked: BTreeMap<(u16, &str), usize> = BTreeMap::new();
    for port in ports {
        for n in 0..if port == main { CLIENTS } else { ELSEWHERE } {
            let (name, text) = STOPS[n % STOPS.len()];
            *asked.entry((port, name)).or_default() += 1;
            clients.spawn(async move { stop_after(port, text).await.ok().map(|()| (port, name)) });
        }
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
        let what =
            format!("clients of the {whose} port {port} that stop {name} and are hung up on within {HUNG_UP_WITHIN:?}");
        report.check(&what, seen == asked, asked, seen);
    }
    scene.end(report, workshop).await
}

/// Waits until the gateway has hung up. An answer before that does not matter.
async fn stop_after(port: u16, text: &str) -> Result<(), Error> {
    let mut stream = tcp(&format!("127.0.0.1:{port}")).await?;
    stream.write_all(text.as_bytes()).await?;
    // However it hangs up.
    let _ = timeout(HUNG_UP_WITHIN, stream.read_to_end(&mut Vec::new())).await?;
    Ok(())
}
