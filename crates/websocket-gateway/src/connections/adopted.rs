use std::sync::Arc;

use tokio::sync::oneshot::error::TryRecvError;

use super::{OpenConnection, Receivers};
use crate::event::{Connection, Identity};
use crate::ids::ConnectionId;
use crate::service::Service;

/// A connection without a client: its id is open, and what functions post to it can be read here.
#[derive(Debug)]
pub struct Adopted {
    service: Arc<Service>,
    connection: Arc<OpenConnection>,
    receivers: Receivers,
}

/// Why a connection id can't be adopted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AdoptError {
    /// It can't be a connection id.
    #[error("`{0}` is no connection id: write URL-safe base64, for example L0SM9cOFvHcCIhw=")]
    Invalid(String),
    /// A connection has it.
    #[error("the connection `{0}` is open already")]
    Open(String),
}

impl Adopted {
    pub(crate) fn new(service: Arc<Service>, id: &str) -> Result<Self, AdoptError> {
        let id = ConnectionId::parse(id).ok_or_else(|| AdoptError::Invalid(id.to_owned()))?;
        if service.open.get(&id).is_some() {
            return Err(AdoptError::Open(id.as_str().to_owned()));
        }
        let facts = Connection {
            id,
            connected_at_ms: service.clock.now_ms(),
            domain_name: String::new(),
            identity: Identity { user_agent: None, source_ip: "127.0.0.1".to_owned() },
            authorizer: None,
        };
        let (connection, receivers) = OpenConnection::new(facts, None);
        let connection = Arc::new(connection);
        service.open.insert(Arc::clone(&connection));
        Ok(Self { service, connection, receivers })
    }

    /// The next message that was posted and not yet read, if there is one. A post that has been answered is here.
    pub fn posted(&mut self) -> Option<String> {
        self.receivers.outgoing.try_recv().ok().map(|frame| frame.as_str().to_owned())
    }

    /// Waits for the next message that is posted. `None` never comes as long as this lives.
    pub async fn next_posted(&mut self) -> Option<String> {
        self.receivers.outgoing.recv().await.map(|frame| frame.as_str().to_owned())
    }

    /// Whether a function has closed it.
    pub fn is_closed(&mut self) -> bool {
        self.receivers.ending.try_recv() != Err(TryRecvError::Empty)
    }
}

impl Drop for Adopted {
    fn drop(&mut self) {
        self.service.open.remove(&self.connection.facts.id);
    }
}
