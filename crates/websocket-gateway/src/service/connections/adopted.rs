use std::sync::Arc;

use tokio::sync::oneshot::error::TryRecvError;

use super::{OpenConnection, OpenConnections, Receivers};
use crate::event::{Connection, Identity};
use crate::ids::ConnectionId;

/// A connection without a client: its id is open, and what functions post to it can be read here.
#[derive(Debug)]
#[must_use = "the connection id is open only as long as this lives"]
pub struct Adopted {
    open: Arc<OpenConnections>,
    connection: Arc<OpenConnection>,
    receivers: Receivers,
}

/// Why a connection id can't be adopted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdoptError {
    /// It is not a valid connection id.
    #[error("`{0}` is not a valid connection id: write URL-safe base64, for example L0SM9cOFvHcCIhw=")]
    Invalid(String),
    /// An open connection has this id.
    #[error("the connection `{0}` is open already")]
    Open(String),
}

impl Adopted {
    /// Opens a connection with this id at `now_ms`, in milliseconds since 1970.
    pub(crate) fn new(open: Arc<OpenConnections>, id: &str, now_ms: u64) -> Result<Self, AdoptError> {
        let id = ConnectionId::parse(id).ok_or_else(|| AdoptError::Invalid(id.to_owned()))?;
        let facts = Connection {
            id,
            connected_at_ms: now_ms,
            domain_name: String::new(),
            identity: Identity { user_agent: None, source_ip: "127.0.0.1".to_owned() },
            authorizer: None,
        };
        let (connection, receivers) = OpenConnection::new(facts, None, None);
        let connection = Arc::new(connection);
        if !open.insert(Arc::clone(&connection)) {
            return Err(AdoptError::Open(connection.facts.id.to_string()));
        }
        Ok(Self { open, connection, receivers })
    }

    /// The next message that was posted and not yet read, if there is one. Once a post has been answered, its message is here.
    pub fn posted(&mut self) -> Option<String> {
        self.connection.outbox.try_pop().map(|frame| frame.as_str().to_owned())
    }

    /// Waits for the next post, and gives its message. It never gives `None` while this value lives.
    pub async fn next_posted(&mut self) -> Option<String> {
        Some(self.connection.outbox.pop().await.as_str().to_owned())
    }

    /// Whether a function has closed the connection.
    pub fn is_closed(&mut self) -> bool {
        self.receivers.ending.try_recv() != Err(TryRecvError::Empty)
    }
}

impl Drop for Adopted {
    fn drop(&mut self) {
        self.open.remove(&self.connection.facts.id);
        self.connection.outbox.close();
    }
}
