use std::error::Error;
use std::future::ready;
use std::time::SystemTime;

use futures_util::{Stream, StreamExt, TryStreamExt};

use super::{Connections, Delivery, PostError, encode, post};
use crate::body::Payload;
use crate::cause::{BoxError, chain};
use crate::connection_id::ConnectionId;

/// How many posts are under way at once. Over HTTP/1.1, more than this do not make more posts a second.
const IN_FLIGHT: usize = 64;

/// What became of one message to many connections.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "connections that are gone should be forgotten"]
pub struct Broadcast {
    /// How many connections it was sent to.
    pub sent: usize,
    /// Connections that are closed or not open yet, for `Registry::remove_gone`.
    pub gone: Gone,
    /// Connections that it could not be sent to, and why. Each is in the log too, at WARN.
    pub failed: Vec<(ConnectionId, PostError)>,
}

/// Connections that a broadcast found closed, or not open yet.
///
/// It also knows when the broadcast began, because a connection that was younger then than a `$connect` can last may have opened since.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    pub(crate) ids: Vec<ConnectionId>,
    pub(crate) since: SystemTime,
}

impl Gone {
    /// The number of connections.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether no connection was gone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// The ids of the connections.
    pub fn iter(&self) -> impl Iterator<Item = &ConnectionId> {
        self.ids.iter()
    }
}

impl Connections {
    /// Sends one message to many connections, 64 at a time. The message is serialised once, and a connection that is gone or fails does
    /// not stop the others.
    ///
    /// `to` is read as the posts go out, so the memory that this needs does not grow with the channel, only with the connections in it
    /// that are gone or fail. As with [`Connections::post`], a connection may get the message twice if API Gateway's answer is lost.
    ///
    /// # Errors
    /// If the message can't be sent to any connection (over 128 KiB, not serialisable), if at least one post failed and no post succeeded,
    /// or if `to` ends with an error, so that it is not known which connections were left out. A message that reached some connections
    /// and failed for others is not an error: the failures are in the report, and in the log at WARN.
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
#[error("sent to {sent} connections only, because the list of connections can't be read")]
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
