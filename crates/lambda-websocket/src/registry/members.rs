//! Who is in a channel.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{Stream, StreamExt, TryStreamExt, future, stream};

use super::{CHANNEL, Channel, ID, Registry, RegistryError};
use crate::connection_id::ConnectionId;

/// How many members of a channel are read at once. DynamoDB's own page is 1 MB of rows, over 20,000 if the channel's name is short: all
/// of them would be in memory, and the first would wait for the last.
const PAGE: i32 = 500;

impl Registry {
    /// All connections in a channel, read page by page as the stream is read. Needs `dynamodb:Query` on the index.
    ///
    /// The index lags behind the table by a moment: a connection that was just added may be missing, and one that was just removed may
    /// still be there.
    ///
    /// # Errors
    /// The stream ends with an error if a page can't be read.
    pub fn members(&self, channel: &Channel) -> impl Stream<Item = Result<ConnectionId, RegistryError>> + use<> {
        let (registry, channel) = (self.clone(), channel.as_str().to_owned());
        stream::once(async move { registry.pages(channel).await }).try_flatten()
    }

    /// All connections in a channel, as [`Registry::members`] reads them, and `caller`: first, exactly once, whatever the lagging index
    /// says.
    ///
    /// # Errors
    /// As [`Registry::members`].
    pub fn members_with(
        &self,
        caller: &ConnectionId,
        channel: &Channel,
    ) -> impl Stream<Item = Result<ConnectionId, RegistryError>> + use<> {
        let (first, caller) = (caller.clone(), caller.clone());
        let others = self.members(channel).try_filter(move |id| future::ready(*id != caller));
        stream::once(future::ready(Ok(first))).chain(others)
    }

    async fn pages(
        self,
        channel: String,
    ) -> Result<impl Stream<Item = Result<ConnectionId, RegistryError>>, RegistryError> {
        let action = "reading a channel";
        let pages = self
            .client(action)
            .await?
            .query()
            .table_name(&self.table)
            .index_name(CHANNEL)
            .key_condition_expression("channel = :channel")
            .expression_attribute_values(":channel", AttributeValue::S(channel))
            .projection_expression(ID)
            .limit(PAGE)
            .into_paginator()
            .send();
        Ok(stream::unfold(pages, async |mut pages| Some((pages.next().await?, pages)))
            .map_err(move |error| self.error(action, error))
            .map_ok(|page| stream::iter(page.items.unwrap_or_default()).map(Ok))
            .try_flatten()
            .try_filter_map(async |row| Ok(member(&row))))
    }
}

/// Skips rows with invalid ids. Something else wrote them, and they must not keep the message from the others.
fn member(row: &HashMap<String, AttributeValue>) -> Option<ConnectionId> {
    let id = row.get(ID).and_then(|id| id.as_s().ok());
    let member = id.and_then(|id| id.parse().ok());
    if member.is_none() {
        tracing::warn!(connectionId = ?id, "skipped a row with an invalid connection id");
    }
    member
}
