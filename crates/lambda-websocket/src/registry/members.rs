//! Who is in a channel.

use std::future::ready;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};

use super::row::{CHANNEL, Row};
use super::{Channel, Member, Registry, RegistryError, RowKey};
use crate::connection_id::ConnectionId;
use crate::connections::Recipient;

/// How many members of a channel are read at once. DynamoDB's own page is 1 MB of rows, over 10,000 if they are small: all of them would be
/// in memory, and the first would wait for the last.
pub(super) const PAGE: i32 = 500;

/// What a broadcast needs of a row.
const RECIPIENT: &str = "connectionId, deadline";

impl Registry {
    /// All connections in a channel, read page by page as the stream is read. Needs `dynamodb:Query` on the index.
    ///
    /// The index lags behind the table by a moment: a connection that was just added may be missing, and one that was just removed may
    /// still be there. The order says nothing.
    ///
    /// # Errors
    /// The stream ends with an error if a page can't be read.
    pub fn members(&self, channel: &Channel) -> impl Stream<Item = Result<Recipient, RegistryError>> + use<> {
        self.read(channel, Some(RECIPIENT), PAGE, |row| row.recipient())
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
    ) -> impl Stream<Item = Result<Recipient, RegistryError>> + use<> {
        let first = stream::once(ready(Ok(caller.clone().into())));
        first.chain(self.members_without(caller, channel))
    }

    /// All connections in a channel, as [`Registry::members`] reads them, without `caller`: for what the others should hear. `caller` may
    /// also be the connection that is opening or has closed.
    ///
    /// # Errors
    /// As [`Registry::members`].
    pub fn members_without<K: RowKey>(
        &self,
        caller: &K,
        channel: &Channel,
    ) -> impl Stream<Item = Result<Recipient, RegistryError>> + use<K> {
        let caller = caller.as_key().to_owned();
        self.members(channel).try_filter(move |member| ready(member.id.as_str() != caller))
    }

    /// Who is in a channel, for people to read: up to `most` of its members with the attributes that [`Registry::add_with`] wrote, in no
    /// order. Needs `dynamodb:Query` on the index, which lags behind the table by a moment.
    ///
    /// ```no_run
    /// use lambda_websocket::{Channel, Error, Registry};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Person {
    ///     name: String,
    /// }
    ///
    /// async fn people(registry: &Registry, channel: &Channel) -> Result<Vec<Person>, Error> {
    ///     let members = registry.roster(channel, 100).await?;
    ///     Ok(members.iter().map(|member| member.attributes()).collect::<Result<_, _>>()?)
    /// }
    /// ```
    ///
    /// For a message to some of a channel only, such as its moderators, give these a channel of their own.
    ///
    /// # Errors
    /// If the index can't be read.
    pub async fn roster(&self, channel: &Channel, most: usize) -> Result<Vec<Member>, RegistryError> {
        let page = i32::try_from(most).map_or(PAGE, |most| most.clamp(1, PAGE));
        self.read(channel, None, page, Member::new).take(most).try_collect().await
    }

    /// Reads the rows of a channel, or only some of their attributes.
    fn read<T>(
        &self,
        channel: &Channel,
        attributes: Option<&'static str>,
        page: i32,
        read: fn(Row) -> Option<T>,
    ) -> impl Stream<Item = Result<T, RegistryError>> + use<T> {
        let (registry, channel) = (self.clone(), channel.as_str().to_owned());
        let rows = stream::once(async move { registry.pages(channel, attributes, page).await }).try_flatten();
        rows.try_filter_map(move |row| ready(Ok(read(row))))
    }

    async fn pages(
        self,
        channel: String,
        attributes: Option<&'static str>,
        page: i32,
    ) -> Result<impl Stream<Item = Result<Row, RegistryError>>, RegistryError> {
        let action = "reading a channel";
        let pages = self
            .client(action)
            .await?
            .query()
            .table_name(&self.table)
            .index_name(CHANNEL)
            .key_condition_expression("channel = :channel")
            .expression_attribute_values(":channel", AttributeValue::S(channel))
            .set_projection_expression(attributes.map(str::to_owned))
            .limit(page)
            .into_paginator()
            .send();
        Ok(stream::unfold(pages, async |mut pages| Some((pages.next().await?, pages)))
            .map_err(move |error| self.error(action, error))
            .map_ok(|page| stream::iter(page.items.unwrap_or_default()).map(|row| Ok(Row(row))))
            .try_flatten())
    }
}
