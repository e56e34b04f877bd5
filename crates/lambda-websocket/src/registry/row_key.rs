use crate::connection_id::{ConnectionId, OwnId};

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
