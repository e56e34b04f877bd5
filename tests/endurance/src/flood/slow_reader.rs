//! One client that sends as fast as it can and never reads.

use std::time::Duration;

use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{MEMORY_SLACK, Peak, Scene};
use crate::Error;
use crate::client::Client;
use crate::figures::mib;
use crate::gateway::Workshop;
use crate::report::Report;

/// What one client may make the gateway take: some dozens of messages under way in each direction, of at most 128 KiB each, and what the
/// allocator adds to that.
const MOST_GROWTH: u64 = 64 << 20;

/// A frame near the limit of 32 KiB, and the reply to it.
const FRAME: usize = 30_000;

/// Small messages whose replies are large.
const SMALL: usize = 1_500;
const LARGE_REPLY: usize = 100_000;

/// How long the second flood is looked at after the last message was sent, or could not be sent any more.
const SECOND: Duration = Duration::from_secs(15);

pub(super) async fn run(report: &mut Report, workshop: &Workshop, lasting: Duration) -> Result<(), Error> {
    let reply = |bytes: usize| json!({ "fill": ["#0#", bytes] });
    let large = json!({ "do": reply(FRAME), "padding": "x".repeat(FRAME - 100) }).to_string();
    let small = json!({ "do": reply(LARGE_REPLY) }).to_string();
    for (name, text, most, lasting) in
        [("30 kB frames", large, usize::MAX, lasting), ("small messages with large replies", small, SMALL, SECOND)]
    {
        report.part(&format!("slow-reader: {name}"));
        // A gateway of its own for each, which has the memory of none before.
        let scene = Scene::new(report, workshop, &[], 29).await?;
        let quiet = scene.quiet();
        let peak = Peak::of(scene.gateway.process);
        let (sent, took) = flood(&scene, &peak, &text, most, lasting).await?;
        report.note("frames sent", format_args!("{sent}, of {} each, in {took:.1?}", text.len()));
        let seen = quiet.finish().await;
        let bound = scene.before.resident + MOST_GROWTH;
        report.memory("highest resident memory", bound, peak.highest());
        report.note("that is more than before by", mib(peak.highest().saturating_sub(scene.before.resident)));
        scene.judge(report, &seen);
        scene.end(report, workshop, MEMORY_SLACK).await?;
    }
    Ok(())
}

/// Sends until the time is over, or the memory. Returns how many frames the gateway or the system has taken, and how long that took.
async fn flood(
    scene: &Scene,
    peak: &Peak,
    text: &str,
    most: usize,
    lasting: Duration,
) -> Result<(usize, Duration), Error> {
    let url = format!("{}?tag=slow", scene.gateway.url);
    let mut client = Client::connect(&url).await.map_err(|why| format!("{why:?}"))?;
    let frame = frame(text);
    let (start, end) = (Instant::now(), Instant::now() + lasting);
    let mut sent = 0;
    let sending = async {
        // Past the library, which would mask each frame anew.
        while sent < most && matches!(timeout_at(end, client.0.get_mut().write_all(&frame)).await, Ok(Ok(()))) {
            sent += 1;
        }
        let took = start.elapsed();
        // It stays and does not read.
        sleep_until(end).await;
        took
    };
    let took = tokio::select! {
        took = sending => took,
        () = peak.enough.notified() => start.elapsed(),
    };
    client.reset();
    Ok((sent, took))
}

/// A text in one frame, masked with zeros.
fn frame(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    match u16::try_from(text.len()) {
        Ok(length @ 126..) => {
            frame.push(0x80 | 126);
            frame.extend(length.to_be_bytes());
        }
        _ => frame.push(0x80 | text.len() as u8),
    }
    frame.extend([0; 4]);
    frame.extend(text.as_bytes());
    frame
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_its_length() {
        assert_eq!(frame("hi"), [0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
        assert_eq!(frame(&"x".repeat(300))[..8], [0x81, 0xfe, 1, 44, 0, 0, 0, 0]);
    }
}
