use std::net::SocketAddr;
use std::sync::Arc;

use super::{StartError, Store};
use crate::doors::{DynamoDbDoor, OpenDoor};
use crate::dynamodb::{Embedded, EmbeddedError, TableStore};
use crate::service::Service;
use crate::wire::tls::Tls;

/// Where the tables are, and what serves them.
pub(super) struct OpenStore {
    /// The URL at which functions find the store.
    pub(super) url: String,
    /// The store itself, past the guard.
    pub(super) tables: TableStore,
    embedded: Option<(DynamoDbDoor, Embedded)>,
}

/// Keeps an embedded store running. Its door closes before the store does.
#[derive(Debug)]
pub(super) struct RunningStore(Option<(OpenDoor, Embedded)>);

impl OpenStore {
    pub(super) async fn open(store: &Store, port: u16) -> Result<Self, StartError> {
        let data_dir = match store {
            Store::Endpoint(url) => {
                let tables = TableStore::Elsewhere(url.clone());
                return Ok(Self { url: url.clone(), tables, embedded: None });
            }
            Store::Memory => None,
            Store::Directory(directory) => Some(directory.as_path()),
        };
        let opening = async { Ok((DynamoDbDoor::listen(port).await?, Embedded::start(data_dir)?)) };
        let (door, store) = opening.await.map_err(|error: EmbeddedError| StartError::Store(error.into()))?;
        let (url, tables) = (format!("http://{}", door.address()), TableStore::Embedded(store.queue().clone()));
        Ok(Self { url, tables, embedded: Some((door, store)) })
    }

    /// Where the embedded store listens, if it is the embedded one.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.embedded.as_ref().map(|(door, _)| door.address())
    }

    pub(super) fn serve(self, service: &Arc<Service>, tls: Option<Tls>) -> RunningStore {
        RunningStore(self.embedded.map(|(door, store)| {
            let open = door.serve(Arc::clone(service), store.queue().clone(), tls);
            (open, store)
        }))
    }
}

impl RunningStore {
    /// Closes the door and waits until nobody is in it. The store ends after that.
    pub(super) async fn stop(&mut self) {
        if let Some((door, _store)) = self.0.take() {
            door.close().await;
        }
    }
}
