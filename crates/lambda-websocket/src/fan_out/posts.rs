//! Posts of a fan-out, through the real API.

use std::time::SystemTime;

use aws_sdk_apigatewaymanagement::Client;
use bytes::Bytes;

use super::deliver::{Answer, Post};
use crate::cause::chain;
use crate::connections::{Connections, Gone, Outcome, PostError, Recipient, deliver};
use crate::registry::Registry;

/// One message.
pub(super) struct Posts {
    client: Client,
    text: Bytes,
}

impl Posts {
    pub(super) async fn new(connections: &Connections, text: Bytes) -> Result<Self, PostError> {
        Ok(Self { client: connections.client_that_takes_429().await?, text })
    }
}

impl Post for Posts {
    async fn post(&self, to: &Recipient) -> Answer {
        match deliver(self.client.clone(), to, self.text.clone()).await {
            Ok(Outcome::Sent) => Answer::Sent,
            Ok(Outcome::Gone) => Answer::Gone,
            Ok(Outcome::Expired) => Answer::Ended,
            Err(PostError::Throttled) => Answer::Throttled,
            Err(error @ PostError::Failed(_)) => Answer::Lost(error),
            Err(error) => Answer::Failed(error),
        }
    }
}

/// One message, and what else is to be done for a member who is gone.
pub(super) struct PostsAndForgets<'r> {
    pub(super) posts: Posts,
    pub(super) registry: &'r Registry,
    /// The time just before the first post.
    pub(super) since: SystemTime,
}

impl Post for PostsAndForgets<'_> {
    async fn post(&self, to: &Recipient) -> Answer {
        let answer = self.posts.post(to).await;
        if matches!(answer, Answer::Gone)
            && let Err(error) = self.registry.remove_gone(Gone::new([to.id.clone()], self.since)).await
        {
            // The next broadcast finds it again, and its rows have a time to live.
            tracing::debug!(connectionId = %to.id, "a connection that is gone is still in the table: {}", chain(&error));
        }
        answer
    }
}
