//! Forgetting connections.

use std::time::{Duration, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::{StreamExt, stream};

use super::{ID, Registry, RegistryError, RowKey};
use crate::connection_id::ConnectionId;
use crate::connections::Gone;

/// `$connect` may run for 29 s (API Gateway developer guide, "Quotas for configuring and running a WebSocket API": integration timeout),
/// and it writes the row before the connection is open. Until then a post gets the same 410 as a post to a closed connection.
const OPENING: Duration = Duration::from_secs(30);

/// How many rows are removed at once.
const REMOVALS_IN_FLIGHT: usize = 16;

impl Registry {
    /// Forgets a connection. It is not an error if the connection is not in the table. Needs `dynamodb:DeleteItem`.
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

    /// Forgets many connections, several at once. It is not an error if some are not in the table. Needs `dynamodb:DeleteItem`.
    ///
    /// For connections that a broadcast found gone, use [`Registry::remove_gone`], which spares those that are still opening.
    ///
    /// # Errors
    /// The first failure, after all other removals were tried.
    pub async fn remove_many(&self, ids: impl IntoIterator<Item = ConnectionId>) -> Result<(), RegistryError> {
        let removals = stream::iter(ids).map(async |id| self.remove(&id).await).buffer_unordered(REMOVALS_IN_FLIGHT);
        removals.collect::<Vec<_>>().await.into_iter().collect()
    }

    /// Forgets the connections that a broadcast found gone, several at once, and returns how many it removed. Needs
    /// `dynamodb:DeleteItem`.
    ///
    /// A connection that was younger than 30 s when the broadcast began stays: its `$connect` may have been running still, and until
    /// that ends API Gateway calls the connection gone too.
    ///
    /// # Errors
    /// The first failure, after all other removals were tried.
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
}
