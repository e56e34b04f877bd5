use futures_util::{Stream, StreamExt, TryStreamExt};

use super::{Connections, Delivery, PostError, encode, post};
use crate::body::Payload;
use crate::connection::ConnectionId;
use crate::error::{BoxError, chain};

/// How many posts are under way at once: the knee of HTTP/1.1, over which more connections bring no more posts a second.
const IN_FLIGHT: usize = 64;

/// What became of one message to many.
#[derive(Debug, Default)]
#[must_use = "connections that are gone should be forgotten"]
pub struct Broadcast {
    /// How many connections it was sent to.
    pub sent: usize,
    /// Connections that are closed, or not open yet: a row younger than a `$connect` can last may belong to one that is just opening.
    pub gone: Vec<ConnectionId>,
    /// Connections that it could not be sent to, and why.
    pub failed: Vec<(ConnectionId, PostError)>,
    /// Why the stream of ids ended early, if it did: those after this point were never tried.
    pub cut_short: Option<BoxError>,
}

impl Connections {
    /// Sends one message to many connections, 64 at a time, serialised once. One that is gone or fails stops none of the others.
    ///
    /// `to` is read as the posts go out, so that a channel of any size needs no more memory than 64 posts. An error in it ends the
    /// reading; what was read before is sent.
    ///
    /// # Errors
    /// If the message can't be sent to anybody (over 128 KiB, not serialisable), or if it reached nobody and something failed. If it
    /// reached some and failed for others, that is a WARN in the log and in the report.
    pub async fn broadcast<S, E>(&self, to: S, payload: &impl Payload) -> Result<Broadcast, PostError>
    where
        S: Stream<Item = Result<ConnectionId, E>>,
        E: Into<BoxError>,
    {
        let payload = encode(payload)?;
        let client = self.client().await?;
        let mut cut_short = None;
        let posts = to
            .map_err(|error| cut_short = Some(error.into()))
            .take_while(|id| std::future::ready(id.is_ok()))
            .filter_map(|id| std::future::ready(id.ok()))
            .map(|id| {
                let (client, payload) = (client.clone(), payload.clone());
                async move { (post(client, &id, payload).await, id) }
            })
            .buffer_unordered(IN_FLIGHT);
        let mut report = posts.fold(Broadcast::default(), async |report, (outcome, id)| report.with(id, outcome)).await;
        report.cut_short = cut_short;
        report.into_result()
    }
}

impl Broadcast {
    fn with(mut self, id: ConnectionId, outcome: Result<Delivery, PostError>) -> Self {
        match outcome {
            Ok(Delivery::Sent) => self.sent += 1,
            Ok(Delivery::Gone) => self.gone.push(id),
            Err(error) => self.failed.push((id, error)),
        }
        self
    }

    fn into_result(mut self) -> Result<Self, PostError> {
        if self.sent == 0
            && let Some(error) = self.first_failure()
        {
            return Err(error);
        }
        for (id, error) in &self.failed {
            tracing::warn!(connectionId = %id, "not sent: {}", chain(error));
        }
        if let Some(error) = &self.cut_short {
            tracing::warn!(sent = self.sent, "the broadcast was cut short: {}", chain(&**error));
        }
        Ok(self)
    }

    fn first_failure(&mut self) -> Option<PostError> {
        if self.failed.is_empty() {
            return self.cut_short.take().map(PostError::Failed);
        }
        Some(self.failed.swap_remove(0).1)
    }
}
