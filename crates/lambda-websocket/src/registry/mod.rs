//! Who is connected, in which channel: a table of connections on DynamoDB.

mod channel;
mod error;
mod members;
mod removal;
mod row_key;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;

pub use channel::{Channel, InvalidChannel};
pub use error::{MissingTableName, RegistryError};
pub use row_key::RowKey;

use crate::aws;
use crate::cause::BoxError;

/// A connection lasts two hours at most (API Gateway developer guide, "Quotas for configuring and running a WebSocket API"). Its row
/// lives a little longer, so that it never goes before the connection does.
const TIME_TO_LIVE: Duration = Duration::from_secs(2 * 60 * 60 + 10 * 60);

const ID: &str = "connectionId";
const CHANNEL: &str = "channel";
const CONNECTED_AT: &str = "connectedAt";
const EXPIRES_AT: &str = "expiresAt";

/// The table of open connections, with one row for each:
///
/// | attribute | type | meaning |
/// |---|---|---|
/// | `connectionId` | S, partition key | the connection |
/// | `channel` | S, partition key of the index `channel` (keys only) | the channel that it is in |
/// | `connectedAt` | N | when it was made, in milliseconds since 1970 |
/// | `expiresAt` | N, time to live | in seconds since 1970, two hours and ten minutes after `connectedAt` |
///
/// The SDK client is made at the first call and kept for the thread. Each call ends within six seconds.
#[derive(Clone, Debug)]
pub struct Registry {
    table: String,
}

impl Registry {
    /// The registry in the table of that name.
    pub fn new(table: impl Into<String>) -> Self {
        Self { table: table.into() }
    }

    /// The registry in the table that the environment variable `TABLE_NAME` names.
    ///
    /// # Errors
    /// If the variable is not set or empty.
    pub fn from_env() -> Result<Self, MissingTableName> {
        std::env::var("TABLE_NAME").ok().filter(|name| !name.is_empty()).map(Self::new).ok_or(MissingTableName)
    }

    /// Puts a connection into a channel, or moves it there from another. Needs `dynamodb:PutItem`.
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

    /// The channel that a connection is in, or `None` if it is not in any. Needs `dynamodb:GetItem`.
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

    async fn client(&self, action: &'static str) -> Result<Client, RegistryError> {
        aws::dynamodb().await.map_err(|error| self.error(action, error))
    }

    fn error(&self, action: &'static str, source: impl Into<BoxError>) -> RegistryError {
        RegistryError { table: self.table.clone(), action, source: source.into() }
    }
}
