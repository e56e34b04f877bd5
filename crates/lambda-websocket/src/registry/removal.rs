//! Forgetting connections.

use aws_sdk_dynamodb::types::ReturnValue;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::conflict::conditional;
use super::row::{self, ENTRY, FIRST, Row, key, number, text};
use super::{Channel, Member, Membership, Registry, RegistryError, RowKey};
use crate::connections::Gone;

/// How many connections, or rows of one connection, are removed at once.
const REMOVALS_IN_FLIGHT: usize = 16;

const REMOVING: &str = "removing a connection";

impl Registry {
    /// Forgets a connection, and returns the channels that it was in: empty if it was not in the table. Needs `dynamodb:DeleteItem` and
    /// `dynamodb:Query` on the table.
    ///
    /// If two functions remove a connection at the same time, each row is returned by one of them only, so that they don't both tell the
    /// others who left.
    ///
    /// # Errors
    /// If the table can't be written to.
    pub async fn remove(&self, id: &impl RowKey) -> Result<Vec<Membership>, RegistryError> {
        let rows = self.remove_rows(id.as_key(), None).await?;
        Ok(rows.into_iter().filter_map(Row::into_membership).collect())
    }

    /// Takes a connection out of one channel, and returns what its row said of it: `None` if it was not in the channel. The connection
    /// stays in its other channels, and it stays in the table: it can join this channel or others again, also if it is in none now. Needs
    /// `dynamodb:DeleteItem` and `dynamodb:UpdateItem`.
    ///
    /// # Errors
    /// If the table can't be written to.
    pub async fn remove_from(&self, id: &impl RowKey, channel: &Channel) -> Result<Option<Membership>, RegistryError> {
        match self.delete(id.as_key(), &row::entry(channel), None).await?.row() {
            Some(row) => Ok(row.into_membership()),
            None => self.leave_first(id.as_key(), channel).await,
        }
    }

    /// Forgets the connections that a broadcast found gone, several at once, and returns what was removed, for each channel that such a
    /// connection was in. Needs `dynamodb:DeleteItem` and `dynamodb:Query` on the table.
    ///
    /// A connection that was younger than 30 s when the broadcast began stays: its `$connect` may have been running still, and until
    /// that ends API Gateway calls the connection gone too.
    ///
    /// # Errors
    /// The first failure, after all other removals were tried.
    pub async fn remove_gone(&self, gone: Gone) -> Result<Vec<Member>, RegistryError> {
        let cutoff_ms = gone.cutoff_ms();
        let removals = stream::iter(gone.ids)
            .map(async |id| self.remove_rows(id.as_str(), Some(cutoff_ms)).await)
            .buffer_unordered(REMOVALS_IN_FLIGHT)
            .collect::<Vec<_>>()
            .await;
        let rows = removals.into_iter().collect::<Result<Vec<_>, _>>()?;
        Ok(rows.into_iter().flatten().filter_map(Member::new).collect())
    }

    /// Removes all rows of a connection if it was made before `cutoff_ms`. The first row goes first: whoever joins a channel after that
    /// finds it missing, and whoever has joined before is seen by the query.
    async fn remove_rows(&self, id: &str, cutoff_ms: Option<u64>) -> Result<Vec<Row>, RegistryError> {
        let first = match self.delete(id, FIRST, cutoff_ms).await? {
            Deletion::Refused => return Ok(Vec::new()),
            Deletion::Done(first) if !first.has_others() => return Ok(vec![first]),
            Deletion::Done(first) => Some(first),
            // Another removal is under way, or one has failed half-way.
            Deletion::NoRow => None,
        };
        let others = self.rows_of(id, REMOVING).await?;
        let removed = stream::iter(others.iter().filter_map(|row| row.text(ENTRY)))
            .map(|entry| self.delete(id, entry, cutoff_ms))
            .buffered(REMOVALS_IN_FLIGHT)
            .try_filter_map(async |deletion| Ok(deletion.row()))
            .try_collect::<Vec<_>>()
            .await?;
        Ok(first.into_iter().chain(removed).collect())
    }

    /// Deletes a row, if its connection was made before `cutoff_ms`.
    async fn delete(&self, id: &str, entry: &str, cutoff_ms: Option<u64>) -> Result<Deletion, RegistryError> {
        let mut delete = self
            .client(REMOVING)
            .await?
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key(id, entry)))
            .return_values(ReturnValue::AllOld);
        if let Some(cutoff_ms) = cutoff_ms {
            delete = delete
                .condition_expression("attribute_not_exists(connectionId) OR connectedAt < :cutoff")
                .expression_attribute_values(":cutoff", number(cutoff_ms));
        }
        let deleted = conditional(async || delete.clone().send().await).await;
        Ok(match deleted.map_err(|error| self.error(REMOVING, error))? {
            None => Deletion::Refused,
            Some(answer) => answer.attributes.map_or(Deletion::NoRow, |row| Deletion::Done(Row(row))),
        })
    }

    /// Takes the first row out of the index. The row itself stays as long as the connection.
    async fn leave_first(&self, id: &str, channel: &Channel) -> Result<Option<Membership>, RegistryError> {
        let update = self
            .client(REMOVING)
            .await?
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key(id, FIRST)))
            .condition_expression("channel = :channel")
            .update_expression("REMOVE channel, slot")
            .expression_attribute_values(":channel", text(channel.as_str()))
            .return_values(ReturnValue::AllOld);
        let updated = conditional(async || update.clone().send().await).await;
        let updated = updated.map_err(|error| self.error(REMOVING, error))?;
        Ok(updated.and_then(|answer| Row(answer.attributes?).into_membership()))
    }
}

/// What became of deleting a row.
enum Deletion {
    Done(Row),
    NoRow,
    /// The connection is too young.
    Refused,
}

impl Deletion {
    fn row(self) -> Option<Row> {
        match self {
            Self::Done(row) => Some(row),
            Self::NoRow | Self::Refused => None,
        }
    }
}
