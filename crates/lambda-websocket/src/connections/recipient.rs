use std::time::{SystemTime, UNIX_EPOCH};

use crate::connection_id::ConnectionId;

/// Whom a broadcast is for: a connection, and when its session ends if it does. A [`ConnectionId`] turns into one whose session does not
/// end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    /// The connection.
    pub id: ConnectionId,
    /// When its session ends, in seconds since 1970. After that a broadcast closes the connection instead of posting to it.
    pub deadline_s: Option<u64>,
}

impl Recipient {
    /// Whether its session has ended.
    pub(super) fn has_expired(&self, now: SystemTime) -> bool {
        let now_s = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        self.deadline_s.is_some_and(|deadline| deadline <= now_s)
    }
}

impl From<ConnectionId> for Recipient {
    fn from(id: ConnectionId) -> Self {
        Self { id, deadline_s: None }
    }
}
