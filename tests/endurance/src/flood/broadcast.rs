//! A message to ten thousand connections, some of which are gone: the example's `sendmessage`.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::json;
use tokio::time::{Instant, timeout};

use super::{MEMORY_SLACK, Scene};
use crate::Error;
use crate::client::{Client, Heard, NotConnected};
use crate::gateway::{Workshop, root};
use crate::http::Table;
use crate::report::Report;
use crate::wait::settled;

/// Of ten thousand rows, 2 % belong to connections that are gone.
const OPEN: usize = 9_800;
const GONE: usize = 200;

/// The allocator keeps what the crowd took, at most 12 KiB for each connection, and a second and a third crowd take no more: after three of
/// them the process had 114, 126 and 120 MB.
const CROWD_SLACK: u64 = OPEN as u64 * (12 << 10);

/// How many handshakes are under way at once.
const AT_ONCE: usize = 32;

/// So many that the slowest answer to the quiet client is not its p99.
const ROUNDS: usize = 10;

/// API Gateway stops waiting for the function after 29 s; what is posted until then must arrive.
const LIMIT: Duration = Duration::from_secs(40);

/// How long it may take until `$disconnect` has removed the row of each, when all leave at once: ten thousand invocations, which wait for
/// a few dozen processes.
const DISCONNECT_LIMIT: Duration = Duration::from_secs(120);

pub(super) async fn run(report: &mut Report, workshop: &Workshop) -> Result<(), Error> {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port().to_string();
    let options = ["--dynamodb-port", &port];
    let gateway = workshop.start("gateway", &root().join("template.yaml"), "error", &options).await?;
    let table = Table::at(&format!("127.0.0.1:{port}")).await?;
    let scene = Scene::of(report, gateway, "?channel=quiet", "hi".to_owned()).await?;

    let (url, start) = (format!("{}?channel=crowd", scene.gateway.url), Instant::now());
    let coming = stream::iter(0..OPEN).map(|_| Client::connect(&url)).buffer_unordered(AT_ONCE);
    let mut crowd: Vec<Client> = coming.try_collect().await.map_err(|why: NotConnected| format!("{why:?}"))?;
    report.note("connections", format_args!("{OPEN} in {:.1?}", start.elapsed()));
    let quiet = scene.quiet();
    for round in 0..ROUNDS {
        for n in 0..GONE {
            table.put(&format!("gone{round}{n:06}AAAA="), "crowd").await?;
        }
        let (news, start) = (format!("news {round}"), Instant::now());
        crowd[0].send(json!({ "action": "sendmessage", "data": news }).to_string()).await?;
        let wanted = Heard::Text(news);
        let hearing = stream::iter(crowd.iter_mut()).map(async |client| timeout(LIMIT, client.hear()).await);
        let heard: Vec<_> = hearing.buffer_unordered(OPEN).collect().await;
        let heard = heard.iter().filter(|heard| heard.as_ref().is_ok_and(|heard| *heard == wanted)).count();
        report.check(&format!("clients that heard round {round}"), heard == OPEN, OPEN, heard);
        report.note("after", format_args!("{:.1?}", start.elapsed()));
        let left = async || table.ids().await.map(|ids| ids.iter().filter(|id| id.starts_with("gone")).count());
        let left = settled(LIMIT, left, |left| left.as_ref().is_ok_and(|left| *left == 0)).await?;
        report.none("rows of connections that are gone", left);
    }
    scene.judge(report, &quiet.finish().await);
    drop(crowd);
    let left =
        settled(DISCONNECT_LIMIT, async || table.ids().await, |ids| ids.as_ref().is_ok_and(Vec::is_empty)).await?;
    report.none("rows after everybody has left", left.len());
    scene.end(report, workshop, MEMORY_SLACK + CROWD_SLACK).await
}
