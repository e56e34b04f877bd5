use std::sync::Arc;

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

impl Adopted {
    pub(crate) fn new(service: Arc<Service>, id: ConnectionId) -> Self {
        let (connection, receivers) = OpenConnection::new(Connection {
            id,
            connected_at_ms: service.clock.now_ms(),
            domain_name: String::new(),
            identity: Identity { user_agent: None, source_ip: "127.0.0.1".to_owned() },
        });
        let connection = Arc::new(connection);
        service.open.insert(Arc::clone(&connection));
        Self { service, connection, receivers }
    }

    /// The next message that was posted and not yet read, if there is one. A post that has been answered is here.
    pub fn posted(&mut self) -> Option<String> {
        self.receivers.outgoing.try_recv().ok().map(|frame| frame.as_str().to_owned())
    }

    /// Whether a function has closed it.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.receivers.delete.is_cancelled()
    }
}

impl Drop for Adopted {
    fn drop(&mut self) {
        self.service.open.remove(&self.connection.facts.id);
    }
}
