use std::error::Error;
use std::future::ready;
use std::time::SystemTime;

use futures_util::{Stream, StreamExt, TryStreamExt};

use super::{Connections, Delivery, PostError, encode, post};
use crate::body::Payload;
use crate::cause::{BoxError, chain};
use crate::connection_id::ConnectionId;

/// How many posts are under way at once. More than this bring no more posts a second over HTTP/1.1.
const IN_FLIGHT: usize = 64;

/// What became of one message to many.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "connections that are gone should be forgotten"]
pub struct Broadcast {
    /// How many connections it was sent to.
    pub sent: usize,
    /// Connections that are closed or not open yet, for [`Registry::remove_gone`](crate::Registry::remove_gone).
    pub gone: Gone,
    /// Connections that it could not be sent to, and why. Each is a WARN in the log.
    pub failed: Vec<(ConnectionId, PostError)>,
}

/// Connections that a broadcast found closed, or not open yet.
///
/// It also knows when the first post went out: a connection that was younger than a `$connect` can last at that time may have opened
/// since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    pub(crate) ids: Vec<ConnectionId>,
    pub(crate) since: SystemTime,
}

impl Gone {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Their ids.
    pub fn iter(&self) -> impl Iterator<Item = &ConnectionId> {
        self.ids.iter()
    }
}

impl Connections {
    /// Sends one message to many connections, 64 at a time, serialised once. One that is gone or fails stops none of the others.
    ///
    /// `to` is read as the posts go out, so the memory that this needs does not grow with the channel, only with those in it that are
    /// gone or fail. As with [`Connections::post`], a connection may get the message twice if an answer of API Gateway is lost.
    ///
    /// # Errors
    /// If the message can't be sent to anybody (over 128 KiB, not serialisable), if it reached nobody and something failed, or if `to`
    /// ends with an error, so that nobody knows who was left out. If it reached some and failed for others, that is a WARN in the log and
    /// in the report.
    pub async fn broadcast<S, E>(&self, to: S, payload: &impl Payload) -> Result<Broadcast, PostError>
    where
        S: Stream<Item = Result<ConnectionId, E>>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let payload = encode(payload)?;
        let client = self.client().await?;
        let mut unread = None;
        let ids = to
            .map_err(|error| unread = Some(error.into()))
            .take_while(|id| ready(id.is_ok()))
            .filter_map(|id| ready(id.ok()));
        let posts = ids.map(|id| {
            let (client, payload) = (client.clone(), payload.clone());
            async move { (post(client, &id, payload).await, id) }
        });
        let report = posts
            .buffer_unordered(IN_FLIGHT)
            .fold(Broadcast::new(), async |report, (outcome, id)| report.with(id, outcome));
        let report = report.await;
        match unread {
            Some(error) => Err(PostError::Failed(Unread { sent: report.sent, source: error }.into())),
            None => report.into_result(),
        }
    }
}

/// The stream of ids ended with an error.
#[derive(Debug, thiserror::Error)]
#[error("sent to {sent} only, because the connections to send to can't be read")]
struct Unread {
    sent: usize,
    source: BoxError,
}

impl Broadcast {
    fn new() -> Self {
        Self { sent: 0, gone: Gone { ids: Vec::new(), since: SystemTime::now() }, failed: Vec::new() }
    }

    fn with(mut self, id: ConnectionId, outcome: Result<Delivery, PostError>) -> Self {
        match outcome {
            Ok(Delivery::Sent) => self.sent += 1,
            Ok(Delivery::Gone) => self.gone.ids.push(id),
            Err(error) => {
                tracing::warn!(connectionId = %id, "not sent: {}", chain(&error));
                self.failed.push((id, error));
            }
        }
        self
    }

    fn into_result(mut self) -> Result<Self, PostError> {
        if self.sent == 0 && !self.failed.is_empty() {
            return Err(self.failed.swap_remove(0).1);
        }
        Ok(self)
    }
}
