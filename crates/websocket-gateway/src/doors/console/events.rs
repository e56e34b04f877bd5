//! The stream of happenings as server-sent events.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::request::Parts;
use http::{HeaderValue, StatusCode};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

use super::Console;
use super::history::Viewer;
use super::pieces::{MOST, MOST_BYTES};
use crate::service::Service;
use crate::wire::answer::{self, Answer};

/// How long happenings are collected, so that a busy gateway does not wake the page for each.
const PAUSE: Duration = Duration::from_millis(30);

/// How long a page may take to read a piece. The gateway keeps two for it meanwhile, and a place among the pages that may look.
const PATIENCE: Duration = Duration::from_secs(60);

/// Answers with everything that is kept, or what came after the happening that `Last-Event-ID` names, and goes on until either side ends it or the page
/// no longer reads.
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
            () = send(&viewer, from, &sender, PATIENCE) => {}
            // The page has gone.
            () = sender.closed() => {}
            () = service.stopped.cancelled() => {}
        }
    });
    let mut answer = Answer::new(answer::pieces(pieces));
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    answer
}

async fn send(viewer: &Viewer, mut from: u64, sender: &mpsc::Sender<Bytes>, patience: Duration) {
    let hello = json!({
        "since": viewer.since_ms().await,
        "most": MOST,
        "mostBytes": MOST_BYTES,
    });
    let mut piece = Bytes::from(format!("event: hello\ndata: {hello}\n\n"));
    while let Ok(Ok(())) = timeout(patience, sender.send(piece)).await {
        (piece, from) = loop {
            match viewer.read(from) {
                Some(read) => break read,
                None => {
                    viewer.wait(from).await;
                    sleep(PAUSE).await;
                }
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::super::history::{self, History};
    use super::*;
    use crate::clock::Clock;
    use crate::happenings::{HappeningSender, Interest, Level, What};

    #[tokio::test]
    async fn a_page_that_does_not_read_loses_its_place() {
        let (sender, history) = (HappeningSender::new(Clock::manual(7)), Arc::new(History::default()));
        let reader = sender.subscribe(Interest::UpTo(Level::Error));
        tokio::spawn(history::record(Arc::clone(&history), reader, Duration::ZERO));
        let viewer = history.enter().unwrap();
        sender.tell(Level::Error, || What::StoppedEarly);
        let (pieces, mut page) = mpsc::channel(1);
        // It has room for the greeting.
        timeout(PATIENCE / 2, send(&viewer, 0, &pieces, Duration::ZERO)).await.unwrap();
        drop(pieces);
        assert!(page.recv().await.unwrap().starts_with(b"event: hello\n"));
        assert!(page.recv().await.is_none());
    }
}
