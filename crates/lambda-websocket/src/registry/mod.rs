//! Who is connected, in which channel: a table of connections on DynamoDB.

mod channel;

use std::collections::HashMap;
use std::fmt;
use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{Stream, StreamExt, TryStreamExt, future, stream};

pub use channel::{Channel, InvalidChannel};

use crate::aws;
use crate::cause::BoxError;
use crate::connection_id::{ConnectionId, OwnId};
use crate::connections::Gone;

/// A connection lasts two hours at most (API Gateway developer guide, "Quotas for configuring and running a WebSocket API"). Its row
/// lives a little longer, so that it never goes before the connection does.
const TIME_TO_LIVE: Duration = Duration::from_secs(2 * 60 * 60 + 10 * 60);

/// `$connect` may run for 29 s (same page: integration timeout) and its row is written before the connection is open. Until then a post
/// to it gets the same 410 as one to a connection that is closed.
const OPENING: Duration = Duration::from_secs(30);

/// How many members of a channel are read at once. Without it DynamoDB's page is 1 MB of rows, over 20,000 if the channel's name is short:
/// they would all be in memory, and the first would wait for the last.
const PAGE: i32 = 500;

/// How many rows are removed at once.
const REMOVALS_IN_FLIGHT: usize = 16;

const ID: &str = "connectionId";
const CHANNEL: &str = "channel";
const CONNECTED_AT: &str = "connectedAt";
const EXPIRES_AT: &str = "expiresAt";

/// The table of open connections, one row each:
///
/// | attribute | type | meaning |
/// |---|---|---|
/// | `connectionId` | S, partition key | the connection |
/// | `channel` | S, partition key of the index `channel` (keys only) | whom it talks to |
/// | `connectedAt` | N | when it was made, in milliseconds since 1970 |
/// | `expiresAt` | N, time to live | in seconds since 1970, two hours and ten minutes after `connectedAt` |
///
/// The client behind it is made at the first call and kept for the thread. Each call ends within six seconds.
#[derive(Clone, Debug)]
pub struct Registry {
    table: String,
}

/// The table did not do as it was told.
#[derive(Debug, thiserror::Error)]
#[error("the table `{table}`: {action} failed")]
pub struct RegistryError {
    table: String,
    action: &'static str,
    source: BoxError,
}

/// The environment names no table.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable TABLE_NAME is not set: it must name the table of connections")]
#[non_exhaustive]
pub struct MissingTableName;

/// A `main` that returns an error shows it with `Debug`.
impl fmt::Debug for MissingTableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The key of a row: a [`ConnectionId`], or the [`OwnId`] of the connection that is opening or has closed.
pub trait RowKey: sealed::RowKey {}
impl RowKey for ConnectionId {}
impl RowKey for OwnId {}

mod sealed {
    use super::{ConnectionId, OwnId};

    pub trait RowKey {
        fn as_key(&self) -> &str;
    }

    impl RowKey for ConnectionId {
        fn as_key(&self) -> &str {
            self.as_str()
        }
    }

    impl RowKey for OwnId {
        fn as_key(&self) -> &str {
            self.as_str()
        }
    }
}

impl Registry {
    /// The registry in the table of that name.
    pub fn new(table: impl Into<String>) -> Self {
        Self { table: table.into() }
    }

    /// The registry in the table that the environment variable `TABLE_NAME` names.
    ///
    /// # Errors
    /// If it is not set or empty.
    pub fn from_env() -> Result<Self, MissingTableName> {
        std::env::var("TABLE_NAME").ok().filter(|name| !name.is_empty()).map(Self::new).ok_or(MissingTableName)
    }

    /// Puts a connection into a channel. Once more, it moves it there. Needs `dynamodb:PutItem`.
    ///
    /// # Errors
    /// If the table can't be written to.
    pub async fn add(&self, id: &impl RowKey, channel: &Channel, connected_at_ms: u64) -> Result<(), RegistryError> {
        let expires_at = connected_at_ms / 1000 + TIME_TO_LIVE.as_secs();
        self.client("adding a connection")
            .await?
            .put_item()
            .table_name(&self.table)
            .item(ID, AttributeValue::S(id.as_key().to_owned()))
            .item(CHANNEL, AttributeValue::S(channel.as_str().to_owned()))
            .item(CONNECTED_AT, AttributeValue::N(connected_at_ms.to_string()))
            .item(EXPIRES_AT, AttributeValue::N(expires_at.to_string()))
            .send()
            .await
            .map_err(|error| self.error("adding a connection", error))?;
        Ok(())
    }

    /// Forgets a connection; one that is not there is no error. Needs `dynamodb:DeleteItem`.
    ///
    /// # Errors
    /// If the table can't be written to.
    pub async fn remove(&self, id: &impl RowKey) -> Result<(), RegistryError> {
        self.client("removing a connection")
            .await?
            .delete_item()
            .table_name(&self.table)
            .key(ID, AttributeValue::S(id.as_key().to_owned()))
            .send()
            .await
            .map_err(|error| self.error("removing a connection", error))?;
        Ok(())
    }

    /// The channel that a connection is in, or `None` if it is in none. Needs `dynamodb:GetItem`.
    ///
    /// This reads the newest state of the row, unlike [`Registry::members`].
    ///
    /// # Errors
    /// If the table can't be read.
    pub async fn channel_of(&self, id: &impl RowKey) -> Result<Option<Channel>, RegistryError> {
        let answer = self
            .client("finding a connection")
            .await?
            .get_item()
            .table_name(&self.table)
            .key(ID, AttributeValue::S(id.as_key().to_owned()))
            .projection_expression(CHANNEL)
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| self.error("finding a connection", error))?;
        let channel = answer.item.and_then(|mut row| row.remove(CHANNEL));
        Ok(channel.and_then(|channel| channel.as_s().ok()?.parse().ok()))
    }

    /// Everybody in a channel, page after page as the stream is read. Needs `dynamodb:Query` on the index.
    ///
    /// The index lags behind the table by a moment: a connection that was just added may be missing, one just removed may be there.
    ///
    /// # Errors
    /// The stream ends with an error if a page can't be read.
    pub fn members(&self, channel: &Channel) -> impl Stream<Item = Result<ConnectionId, RegistryError>> + use<> {
        let (registry, channel) = (self.clone(), channel.as_str().to_owned());
        stream::once(async move { registry.pages(channel).await }).try_flatten()
    }

    /// Everybody in a channel as [`Registry::members`] reads it, and `caller`, first and once, whatever the lagging index says.
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

    /// Forgets many connections, several at once; those that are not there are no error. Needs `dynamodb:DeleteItem`.
    ///
    /// For those that a broadcast found gone there is [`Registry::remove_gone`], which spares the ones that are just opening.
    ///
    /// # Errors
    /// The first failure, after all others were tried.
    pub async fn remove_many(&self, ids: impl IntoIterator<Item = ConnectionId>) -> Result<(), RegistryError> {
        let removals = stream::iter(ids).map(async |id| self.remove(&id).await).buffer_unordered(REMOVALS_IN_FLIGHT);
        removals.collect::<Vec<_>>().await.into_iter().collect()
    }

    /// Forgets connections that a broadcast found gone, several at once, and says how many it removed. One that was younger than 30 s
    /// stays: its `$connect` may still have been running, and until that is done a post to it says gone too. Needs
    /// `dynamodb:DeleteItem`.
    ///
    /// # Errors
    /// The first failure, after all others were tried.
    pub async fn remove_gone(&self, gone: Gone) -> Result<usize, RegistryError> {
        let since = gone.since.duration_since(UNIX_EPOCH).unwrap_or_default();
        let cutoff_ms = since.saturating_sub(OPENING).as_millis();
        let removals = stream::iter(gone.ids)
            .map(|id| self.remove_if_older(id, cutoff_ms))
            .buffer_unordered(REMOVALS_IN_FLIGHT)
            .collect::<Vec<_>>()
            .await;
        let removed = removals.iter().filter(|removal| matches!(removal, Ok(true))).count();
        removals.into_iter().collect::<Result<Vec<_>, _>>().map(|_| removed)
    }

    async fn remove_if_older(&self, id: ConnectionId, cutoff_ms: u128) -> Result<bool, RegistryError> {
        let answer = self
            .client("removing a connection that is gone")
            .await?
            .delete_item()
            .table_name(&self.table)
            .key(ID, AttributeValue::S(id.as_str().to_owned()))
            .condition_expression("connectedAt < :cutoff")
            .expression_attribute_values(":cutoff", AttributeValue::N(cutoff_ms.to_string()))
            .send()
            .await;
        match answer {
            Ok(_) => Ok(true),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(self.error("removing a connection that is gone", error)),
        }
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

    async fn client(&self, action: &'static str) -> Result<Client, RegistryError> {
        aws::dynamodb().await.map_err(|error| self.error(action, error))
    }

    fn error(&self, action: &'static str, source: impl Into<BoxError>) -> RegistryError {
        RegistryError { table: self.table.clone(), action, source: source.into() }
    }
}

/// A row whose id is none was not written by us; it must not keep the others from their message.
fn member(row: &HashMap<String, AttributeValue>) -> Option<ConnectionId> {
    let id = row.get(ID).and_then(|id| id.as_s().ok());
    let member = id.and_then(|id| id.parse().ok());
    if member.is_none() {
        tracing::warn!(connectionId = ?id, "left out a row whose connection id is not valid");
    }
    member
}
