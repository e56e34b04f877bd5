use std::net::SocketAddr;
use std::sync::Arc;

use super::{Options, StartError, Store};
use crate::doors::{self, OpenPort, Port};
use crate::dynamodb::{Embedded, EmbeddedError, TableStore};
use crate::guard::Credentials;
use crate::happenings::HappeningSender;
use crate::service::Service;
use crate::sqs::{Elsewhere, QueueStore, Queues};
use crate::wire::tls::Tls;

/// Where the tables are, and what serves them.
pub(super) struct OpenStore {
    /// The URL at which functions find the store.
    pub(super) url: String,
    /// The store itself, past the guard.
    pub(super) tables: TableStore,
    embedded: Option<(Port, Embedded)>,
}

/// Keeps an embedded store running. Its port closes before the store does.
#[derive(Debug)]
pub(super) struct RunningStore(Option<(OpenPort, Embedded)>);

/// Where the queues are, and what serves them.
pub(super) struct OpenQueues {
    /// The URL at which functions find SQS.
    pub(super) url: String,
    /// The queues themselves, past the guard.
    pub(super) queues: QueueStore,
    embedded: Option<(Port, Queues)>,
}

/// The port of embedded queues while it is served.
#[derive(Debug)]
pub(super) struct RunningQueues(Option<OpenPort>);

impl OpenStore {
    pub(super) async fn open(options: &Options) -> Result<Self, StartError> {
        let data_dir = match &options.store {
            Store::Endpoint(url) => {
                let tables = TableStore::Elsewhere(url.clone());
                return Ok(Self { url: url.clone(), tables, embedded: None });
            }
            Store::Memory => None,
            Store::Directory(directory) => Some(directory.as_path()),
        };
        let port = listen("DynamoDB", "dynamodb-port", options.dynamodb_port).await?;
        let store = Embedded::start(data_dir).map_err(|error: EmbeddedError| StartError::Store(error.into()))?;
        let (url, tables) = (port.url(), TableStore::Embedded(store.queue().clone()));
        Ok(Self { url, tables, embedded: Some((port, store)) })
    }

    /// Where the embedded store listens, if it is the embedded one.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.embedded.as_ref().map(|(port, _)| port.address())
    }

    pub(super) fn serve(self, service: &Arc<Service>, tls: Option<Tls>) -> RunningStore {
        RunningStore(self.embedded.map(|(port, store)| {
            let open = doors::serve_store(port, service, store.queue().clone(), tls);
            (open, store)
        }))
    }
}

impl RunningStore {
    /// Closes the port and waits until nobody is there. The store ends after that.
    pub(super) async fn stop(&mut self) {
        if let Some((port, _store)) = self.0.take() {
            port.close().await;
        }
    }
}

impl OpenQueues {
    pub(super) async fn open(
        options: &Options,
        credentials: &Credentials,
        happenings: &HappeningSender,
    ) -> Result<Self, StartError> {
        if let Some(url) = &options.sqs_endpoint {
            let queues = QueueStore::Elsewhere(Arc::new(Elsewhere::new(url, credentials)));
            return Ok(Self { url: url.clone(), queues, embedded: None });
        }
        let port = listen("SQS", "sqs-port", options.sqs_port).await?;
        let queues = Queues::new(options.clock.clone(), happenings.clone(), &port.url());
        Ok(Self { url: port.url(), queues: QueueStore::Embedded(queues.clone()), embedded: Some((port, queues)) })
    }

    /// Where the embedded queues listen, if they are the embedded ones.
    pub(super) fn address(&self) -> Option<SocketAddr> {
        self.embedded.as_ref().map(|(port, _)| port.address())
    }

    pub(super) fn serve(self, service: &Arc<Service>, tls: Option<Tls>) -> RunningQueues {
        RunningQueues(self.embedded.map(|(port, queues)| doors::serve_queues(port, service, queues, tls)))
    }
}

impl RunningQueues {
    /// Closes the port and waits until nobody is there.
    pub(super) async fn stop(&mut self) {
        if let Some(port) = self.0.take() {
            port.close().await;
        }
    }
}

async fn listen(service: &'static str, option: &'static str, port: u16) -> Result<Port, StartError> {
    Port::listen(service, option, port).await.map_err(|error| StartError::Store(error.into()))
}
