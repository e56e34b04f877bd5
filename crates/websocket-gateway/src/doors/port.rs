//! A port at which functions find a service that the gateway has embedded.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http::Request;
use hyper::body::Incoming;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::happenings::Door;
use crate::service::Service;
use crate::wire::answer::Answer;
use crate::wire::server;
use crate::wire::tls::Tls;

/// How long a client may take to send the head of a further request. The time begins with the end of the answer before, so it limits how long a
/// connection may be idle, too: the SDKs that have a limit of their own keep an idle connection for 90 s at most.
const HEAD_PATIENCE: Duration = Duration::from_secs(120);

/// A port on this machine. A request that comes before [`Port::serve`] waits.
#[derive(Debug)]
pub(crate) struct Port {
    listener: TcpListener,
    address: SocketAddr,
}

/// The port while it is served.
#[derive(Debug)]
pub(crate) struct OpenPort {
    stopping: DropGuard,
    task: JoinHandle<()>,
}

/// Why a port can't be had.
#[derive(Debug, thiserror::Error)]
#[error("the embedded {service} can't listen at {address}: {source}; choose another port with --{option} PORT")]
pub(crate) struct PortError {
    service: &'static str,
    option: &'static str,
    address: SocketAddr,
    source: io::Error,
}

impl Port {
    /// Listens for a service. `option` is the option of the program that chooses the port.
    pub(crate) async fn listen(service: &'static str, option: &'static str, port: u16) -> Result<Self, PortError> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let listening = async {
            let listener = TcpListener::bind(address).await?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        listening.await.map_err(|source: io::Error| PortError { service, option, address, source })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until the result is closed or dropped. Web pages are refused before `answer` is asked. An SDK that can't be told where the service is
    /// comes with TLS, because its runtime leads calls of the service's own host here.
    pub(super) fn serve<A, F>(self, door: Door, service: Arc<Service>, tls: Option<Tls>, answer: A) -> OpenPort
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Answer> + Send + 'static,
    {
        let stopping = CancellationToken::new();
        let answer = move |_, request| {
            let (service, answer) = (Arc::clone(&service), answer.clone());
            async move {
                match service.guard.allowed_hosts.admit(door, &service.happenings, request).await {
                    Ok(request) => answer(request).await,
                    Err(refused) => refused,
                }
            }
        };
        let admit = server::at_most(server::CONNECTIONS_OF_FUNCTIONS);
        let served = server::serve(
            server::Port::of_functions(Some(HEAD_PATIENCE)).with_tls(tls),
            self.listener,
            admit,
            stopping.clone(),
            answer,
        );
        OpenPort { task: tokio::spawn(served), stopping: stopping.drop_guard() }
    }
}

impl OpenPort {
    /// Waits until no connection is left.
    pub(crate) async fn close(self) {
        drop(self.stopping);
        // It panics only if serving a connection does, and that ends no more than the connection.
        let _ = self.task.await;
    }
}
