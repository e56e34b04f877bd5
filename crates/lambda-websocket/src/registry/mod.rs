//! Who is connected, in which channels: a table of connections on DynamoDB.

mod add;
mod attributes;
mod channel;
mod conflict;
mod error;
mod members;
mod membership;
mod removal;
mod row;
mod row_key;
#[cfg(feature = "fan-out")]
mod slice;

use aws_sdk_dynamodb::Client;

pub use add::{Joining, Joins};
pub use attributes::AttributesError;
pub use channel::{Channel, InvalidChannel};
pub use error::{MissingTableName, RegistryError};
pub use membership::{Member, Membership};
pub use row_key::RowKey;
#[cfg(feature = "fan-out")]
pub(crate) use slice::{Placed, Slice};

use crate::aws;
use crate::cause::BoxError;
use row::Row;

/// The table of open connections: for each, a row that `$connect` writes, and one more for each channel that the connection joins later.
/// [The guide](crate::guide::channels) shows what it is for, and what each call costs.
///
/// | attribute | type | meaning |
/// |---|---|---|
/// | `connectionId` | S, partition key | the connection |
/// | `entry` | S, sort key | `$connect` in the first row; `+` and the channel's name in the others |
/// | `channel` | S, partition key of the index `channel` | the channel; not in the first row of a connection that has left its first channel |
/// | `slot` | S, sort key of that index | a hash of the connection id in 8 hex digits, and the id |
/// | `connectedAt` | N | when the connection was made, in milliseconds since 1970 |
/// | `expiresAt` | N, time to live | in seconds since 1970, two hours and ten minutes after `connectedAt` |
/// | `deadline` | N | when its session ends, in seconds since 1970: the `exp` that the authorizer gave, if it gave one |
/// | `joined` | BOOL | only in the first row: whether the connection has other rows |
/// | any other | | the application's own, see [`Registry::add_with`] |
///
/// The SDK client is made at the first call and kept for the thread. Each call to DynamoDB ends within six seconds.
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

    /// The channels that a connection is in, with its attributes in each: first the channel that `$connect` put it into, then the others by
    /// name. Empty if the connection is not in any. Needs `dynamodb:Query` on the table.
    ///
    /// This reads the newest state of the rows, unlike [`Registry::members`].
    ///
    /// # Errors
    /// If the table can't be read.
    pub async fn channels_of(&self, id: &impl RowKey) -> Result<Vec<Membership>, RegistryError> {
        let rows = self.rows_of(id.as_key(), "finding a connection").await?;
        Ok(rows.into_iter().filter_map(Row::into_membership).collect())
    }

    /// All rows of a connection, in their newest state.
    async fn rows_of(&self, id: &str, action: &'static str) -> Result<Vec<Row>, RegistryError> {
        let pages = self
            .client(action)
            .await?
            .query()
            .table_name(&self.table)
            .key_condition_expression("connectionId = :id")
            .expression_attribute_values(":id", row::text(id))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let rows = pages.try_collect().await.map_err(|error| self.error(action, error))?;
        Ok(rows.into_iter().map(Row).collect())
    }

    async fn client(&self, action: &'static str) -> Result<Client, RegistryError> {
        aws::dynamodb().await.map_err(|error| self.error(action, error))
    }

    fn error(&self, action: &'static str, source: impl Into<BoxError>) -> RegistryError {
        RegistryError { table: self.table.clone(), action, source: source.into() }
    }
}
