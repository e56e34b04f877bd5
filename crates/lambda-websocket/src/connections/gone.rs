use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::connection_id::ConnectionId;

/// `$connect` may run for 29 s (API Gateway developer guide, "Quotas for configuring and running a WebSocket API": integration timeout),
/// and it stores the connection before the connection is open. Until then a post gets the same 410 as a post to a closed connection.
const OPENING: Duration = Duration::from_secs(30);

/// Connections that posts found closed, or not open yet.
///
/// API Gateway answers both with 410, so a connection that was young when it was posted to must stay in the store: its `$connect` may have
/// been running still. `Registry::remove_gone` sees to that. With a store of your own, forget only what was made before
/// [`Gone::cutoff_ms`]:
///
/// ```no_run
/// use lambda_websocket::{ConnectionId, Connections, Error, Text};
/// # struct Database;
/// # impl Database {
/// #     async fn ids(&self) -> Result<Vec<ConnectionId>, Error> { Ok(Vec::new()) }
/// #     async fn execute(&self, _: &str, _: &[&str], _: u64) -> Result<(), Error> { Ok(()) }
/// # }
///
/// async fn announce(connections: &Connections, database: &Database, text: &Text) -> Result<(), Error> {
///     let gone = connections.broadcast_to(database.ids().await?, text).await?.gone;
///     let ids: Vec<&str> = gone.iter().map(ConnectionId::as_str).collect();
///     database.execute("DELETE FROM connections WHERE id = ANY($1) AND connected_at < $2", &ids, gone.cutoff_ms()).await
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    pub(crate) ids: Vec<ConnectionId>,
    since: SystemTime,
}

impl Gone {
    /// What single posts found gone; `since` is the time just before the first of them.
    pub fn new(ids: impl IntoIterator<Item = ConnectionId>, since: SystemTime) -> Self {
        Self { ids: ids.into_iter().collect(), since }
    }

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

    /// The time before which a connection must have been made to be closed for certain, in milliseconds since 1970: 30 s before the first
    /// post. A younger one may have been opening. It is about the event's [`connected_at_ms`](crate::RequestContext::connected_at_ms).
    #[must_use]
    pub fn cutoff_ms(&self) -> u64 {
        let since = self.since.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.saturating_sub(OPENING).as_millis()).unwrap_or(u64::MAX)
    }
}
