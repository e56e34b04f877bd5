//! As many pages of the console as there may be, which don't read, and somebody who guesses the console's token.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use super::{Peak, Scene};
use crate::Error;
use crate::client::{Client, PATIENCE, tcp};
use crate::conversation::message;
use crate::figures::mib;
use crate::gateway::Workshop;
use crate::http::exchange;
use crate::report::Report;
use crate::wait::settled;

/// How many pages may look at the same time.
const VIEWERS: usize = 16;

/// Clients that talk as fast as they can, with replies of so many bytes, so that there is something to see.
const TALKERS: usize = 4;
const REPLY: usize = 30_000;

/// What the gateway may take: the 32 MiB that it keeps for all pages, two pieces of 256 KiB and the frames of a connection for each page, and as much
/// again for the allocator.
const MOST_GROWTH: u64 = 96 << 20;

/// How long it may take until there is room for another page when one has left.
const ROOM_AGAIN_WITHIN: Duration = Duration::from_secs(5);

pub(super) async fn run(report: &mut Report, workshop: &Workshop, lasting: Duration) -> Result<(), Error> {
    let mut scene = Scene::new(report, workshop, &[], 29).await?;
    let address = scene.gateway.address().to_owned();
    let token = token(&mut scene).await?;
    let (quiet, peak, end) = (scene.quiet(), Peak::of(scene.gateway.process), Instant::now() + lasting);

    let mut viewers = Vec::new();
    for _ in 0..VIEWERS {
        viewers.push(look(&address, &token).await?);
    }
    let let_in = viewers.iter().filter(|(status, _)| *status == 200).count();
    report.check("pages that may look", let_in == VIEWERS, VIEWERS, let_in);
    let (status, _) = look(&address, &token).await?;
    report.check("one more", status == 503, "503", status);

    // The last one reads.
    let reader = viewers.pop().map(|(_, stream)| tokio::spawn(read(stream, end)));
    let mut guesses = tokio::spawn({
        let address = address.clone();
        async move { guess(&address, end).await }
    });
    let mut talkers = JoinSet::new();
    for n in 0..TALKERS {
        let url = format!("{}?tag=talker-{n}", scene.gateway.url);
        talkers.spawn(async move { talk(&url, end).await });
    }
    let mut answers = 0;
    let flood = async {
        while let Some(talker) = talkers.join_next().await {
            answers += talker??;
        }
        Ok::<_, Error>((&mut guesses).await?)
    };
    let (refused, strange) = tokio::select! {
        flooded = flood => flooded?,
        () = peak.enough.notified() => (0, 0),
    };
    scene.judge(report, &quiet.finish().await);
    let read = match reader {
        Some(reader) => reader.await?,
        None => 0,
    };
    report.note("answers to those who talk", answers);
    report.check("what the page that reads has got", read > 1 << 20, "more than 1 MiB", mib(read as u64));
    report.note("guesses refused with 401", refused);
    report.none("guesses with another answer", strange);
    report.memory("highest resident memory", scene.before.resident + MOST_GROWTH, peak.highest());
    report.note("that is more than before by", mib(peak.highest().saturating_sub(scene.before.resident)));

    drop(viewers);
    let again = settled(
        ROOM_AGAIN_WITHIN,
        async || look(&address, &token).await.map_or(0, |(status, _)| status),
        |status| *status == 200,
    );
    report.check("a page after they have left", again.await == 200, "200", "above");
    scene.end(report, workshop, MOST_GROWTH).await
}

/// The console's token, which stands in the printed address.
async fn token(scene: &mut Scene) -> Result<String, Error> {
    let printed = async {
        while let Some(line) = scene.gateway.lines.recv().await {
            if let Some((_, token)) = line.strip_prefix("Console: ").and_then(|url| url.split_once('#')) {
                return Some(token.to_owned());
            }
        }
        None
    };
    timeout(PATIENCE, printed).await?.ok_or_else(|| "the gateway prints no address of its console".into())
}

fn request(token: &str) -> String {
    format!("GET /@console/api/happenings HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\r\n")
}

/// Opens the stream of happenings, and reads no further than the status.
async fn look(address: &str, token: &str) -> Result<(u16, TcpStream), Error> {
    let mut stream = tcp(address).await?;
    stream.write_all(request(token).as_bytes()).await?;
    let mut line = [0; "HTTP/1.1 200".len()];
    timeout(PATIENCE, stream.read_exact(&mut line)).await??;
    let status = std::str::from_utf8(&line)?.rsplit(' ').next().unwrap_or_default().parse()?;
    Ok((status, stream))
}

/// Reads until `end`. Returns how many bytes came.
async fn read(mut stream: TcpStream, end: Instant) -> usize {
    let (mut bytes, mut buffer) = (0, vec![0; 1 << 16]);
    while let Ok(Ok(more @ 1..)) = tokio::time::timeout_at(end, stream.read(&mut buffer)).await {
        bytes += more;
    }
    bytes
}

/// Asks with wrong tokens until `end`. Returns how many got 401, and how many something else.
async fn guess(address: &str, end: Instant) -> (usize, usize) {
    let (mut refused, mut strange) = (0, 0);
    for n in 0_u64.. {
        if Instant::now() >= end {
            break;
        }
        let answer = async { exchange(&mut tcp(address).await?, request(&format!("{n:032x}")).as_bytes()).await };
        match answer.await {
            Ok(answer) if answer.status() == Some(401) => refused += 1,
            _ => strange += 1,
        }
    }
    (refused, strange)
}

/// Asks until `end`, one question after the other. Returns how many were answered.
async fn talk(url: &str, end: Instant) -> Result<usize, Error> {
    let mut client = Client::connect(url).await.map_err(|why| format!("{why:?}"))?;
    let mut answers = 0;
    while Instant::now() < end {
        client.ask(message(0, Vec::new(), REPLY)).await?;
        answers += 1;
    }
    client.close().await;
    Ok(answers)
}
