use std::convert::Infallible;
use std::error::Error;
use std::future::ready;
use std::time::SystemTime;

use aws_sdk_apigatewaymanagement::Client;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use super::{Connections, Gone, PostError, Recipient, close, encode, post};
use crate::body::Payload;
use crate::cause::{BoxError, chain};
use crate::connection_id::ConnectionId;

/// How many posts are under way at once. Over HTTP/1.1, more than this do not make more posts a second.
pub(crate) const IN_FLIGHT: usize = 64;

/// What became of one message to many connections.
#[derive(Debug)]
#[non_exhaustive]
#[must_use = "connections that are gone should be forgotten"]
pub struct Broadcast {
    /// How many connections it was sent to.
    pub sent: usize,
    /// Connections that are closed or not open yet, for `Registry::remove_gone`.
    pub gone: Gone,
    /// How many connections were closed instead, because their sessions have ended.
    pub expired: usize,
    /// Connections that it could not be sent to, or that could not be closed, and why. Each is in the log too, at WARN.
    pub failed: Vec<(ConnectionId, PostError)>,
}

impl Connections {
    /// Sends one message to many connections, 64 at a time. The message is serialised once, and a connection that is gone or fails does
    /// not stop the others.
    ///
    /// `to` is read as the posts go out, so the memory that this needs does not grow with the channel, only with the connections in it
    /// that are gone or fail. Its items are those of `Registry::members` or of another stream of [`Recipient`]s or [`ConnectionId`]s. As
    /// with [`Connections::post`], a connection may get the message twice if API Gateway's answer is lost.
    ///
    /// A recipient whose session has ended is closed instead, which needs `execute-api:ManageConnections` on `DELETE`, too.
    ///
    /// # Errors
    /// If the message can't be sent to any connection (over 128 KiB, not serialisable), if at least one post failed and no post succeeded,
    /// or if `to` ends with an error, so that it is not known which connections were left out. A message that reached some connections
    /// and failed for others is not an error: the failures are in the report, and in the log at WARN.
    pub async fn broadcast<S, R, E>(&self, to: S, payload: &impl Payload) -> Result<Broadcast, PostError>
    where
        S: Stream<Item = Result<R, E>>,
        R: Into<Recipient>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let payload = encode(payload)?;
        let client = self.client().await?;
        let mut unread = None;
        let recipients = to
            .map_err(|error| unread = Some(error.into()))
            .take_while(|recipient| ready(recipient.is_ok()))
            .filter_map(|recipient| ready(recipient.ok()));
        let posts = recipients.map(|recipient| {
            let (client, payload, recipient) = (client.clone(), payload.clone(), recipient.into());
            async move { (deliver(client, &recipient, payload).await, recipient.id) }
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

    /// Sends one message to many connections whose ids are at hand, as [`Connections::broadcast`] does: for a store of your own, or for
    /// some members of a channel. See [`Gone`] for what to do with those that are gone.
    ///
    /// # Errors
    /// As [`Connections::broadcast`].
    pub async fn broadcast_to<R: Into<Recipient>>(
        &self,
        to: impl IntoIterator<Item = R>,
        payload: &impl Payload,
    ) -> Result<Broadcast, PostError> {
        self.broadcast(stream::iter(to).map(Ok::<_, Infallible>), payload).await
    }
}

/// What became of a message to one of many.
pub(crate) enum Outcome {
    Sent,
    Gone,
    /// The session has ended, and now the connection is closed.
    Expired,
}

pub(crate) async fn deliver(client: Client, to: &Recipient, payload: Bytes) -> Result<Outcome, PostError> {
    if to.has_expired(SystemTime::now()) {
        return Ok(if close(client, &to.id).await?.is_gone() { Outcome::Gone } else { Outcome::Expired });
    }
    Ok(if post(client, &to.id, payload).await?.is_gone() { Outcome::Gone } else { Outcome::Sent })
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
        Self { sent: 0, gone: Gone::new([], SystemTime::now()), expired: 0, failed: Vec::new() }
    }

    fn with(mut self, id: ConnectionId, outcome: Result<Outcome, PostError>) -> Self {
        match outcome {
            Ok(Outcome::Sent) => self.sent += 1,
            Ok(Outcome::Gone) => self.gone.ids.push(id),
            Ok(Outcome::Expired) => self.expired += 1,
            Err(error) => {
                tracing::warn!(connectionId = %id, "not sent: {}", chain(&error));
                self.failed.push((id, error));
            }
        }
        self
    }

    pub(crate) fn into_result(mut self) -> Result<Self, PostError> {
        if self.sent == 0 && !self.failed.is_empty() {
            return Err(self.failed.swap_remove(0).1);
        }
        Ok(self)
    }
}
