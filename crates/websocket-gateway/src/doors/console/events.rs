//! The stream of happenings as server-sent events.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde_json::json;
use tokio::sync::mpsc;

use super::Console;
use super::history::{self, Batch, Viewer};
use crate::service::Service;
use crate::wire::answer::{self, Answer};

/// How many bytes are sent at once, about. A page that reads slowly makes the gateway keep two such pieces, and misses the rest.
const PIECE_BYTES: usize = 256 * 1024;

/// How long happenings are collected, so that a busy gateway does not wake the page for each.
const PAUSE: Duration = Duration::from_millis(30);

/// Answers with everything that is kept, or what came after the happening that `Last-Event-ID` names, and goes on until either side ends it.
pub(super) fn stream(console: &Console, service: &Arc<Service>, head: &Parts) -> Answer {
    let Some(viewer) = console.history.enter() else {
        return answer::text(StatusCode::SERVICE_UNAVAILABLE, "too many consoles are open: close one\n");
    };
    let last = head.headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u64>().ok());
    let from = last.map_or(0, |last| last.saturating_add(1));
    let (sender, pieces) = mpsc::channel(1);
    let service = Arc::clone(service);
    tokio::spawn(async move {
        tokio::select! {
            () = send(&viewer, from, &sender) => {}
            // The page has gone.
            () = sender.closed() => {}
            () = service.stopped.cancelled() => {}
        }
    });
    let mut answer = Answer::new(answer::pieces(pieces));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    answer
}

async fn send(viewer: &Viewer, mut from: u64, sender: &mpsc::Sender<Bytes>) {
    let hello = json!({
        "since": viewer.since_ms().await,
        "most": history::MOST,
        "mostBytes": history::MOST_BYTES,
    });
    let mut piece = Bytes::from(format!("event: hello\ndata: {hello}\n\n"));
    while sender.send(piece).await.is_ok() {
        let batch = loop {
            match viewer.read(from, PIECE_BYTES) {
                Some(batch) => break batch,
                None => {
                    viewer.wait(from).await;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        };
        from = batch.first + batch.lines.len() as u64;
        piece = write(&batch);
    }
}

/// One event for each happening, with its number as the id. A page sees from the numbers what it has missed.
fn write(batch: &Batch) -> Bytes {
    let mut piece = Vec::with_capacity(batch.lines.iter().map(|line| line.len() + 32).sum());
    for (line, number) in batch.lines.iter().zip(batch.first..) {
        // Writing to a Vec does not fail.
        let _ = write!(piece, "id: {number}\ndata: ");
        piece.extend_from_slice(line);
        piece.extend_from_slice(b"\n\n");
    }
    piece.into()
}
