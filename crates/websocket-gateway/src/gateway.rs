use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use tokio_util::task::TaskTracker;

use crate::api::Api;
use crate::connections::{AdoptError, Adopted, OpenConnections};
use crate::credentials::Credentials;
use crate::deployment::{Deployer, load};
use crate::dynamodb::{Embedded, EmbeddedError, Front};
use crate::front_door;
use crate::guard::Guard;
use crate::invocations::{Invocations, Journal};
use crate::lambda::{BuildError, Endpoint, InvokeError};
use crate::options::{Options, Store};
use crate::places::Places;
use crate::record::Recorder;
use crate::service::Service;
use crate::template::{Loaded, TemplateError};

/// How long [`Gateway::stop`] waits for sessions to close and for `$disconnect` to run.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The template can't be served.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The functions can't be built.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// The port can't be had.
    #[error("can't listen at {address}: {source}; choose another port with --port, or --port 0 for any that is free")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The store can't be had, or a table not be made in it.
    #[error(transparent)]
    Store(Box<dyn std::error::Error + Send + Sync>),
    /// Nobody serves Lambda's Invoke API where the options say.
    #[error("the Lambda endpoint {url} can't be reached: {why}; start `cargo lambda watch` or the like there first")]
    LambdaEndpoint {
        /// Where.
        url: String,
        /// What went wrong.
        why: String,
    },
    /// Events can't be recorded.
    #[error("can't record events in {}: {source}", .directory.display())]
    Record {
        /// Where.
        directory: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The Runtime API can't be opened.
    #[error("can't open the Lambda Runtime API: {0}")]
    RuntimeApi(io::Error),
}

/// A running gateway. Dropping it kills the functions' processes and lets nobody in any more; [`Gateway::stop`] ends everything in good
/// order, and waits for it.
#[derive(Debug)]
pub struct Gateway {
    service: Arc<Service>,
    deployer: Deployer,
    reloading: Mutex<()>,
    front_door: JoinHandle<()>,
    /// What stands before the embedded store ends before it.
    _store: Option<(DropGuard, Embedded)>,
}

/// What a [`Gateway::reload`] has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reloaded {
    /// The functions that are new or were replaced, by their logical ids. Those that run elsewhere are not known.
    pub functions: Vec<String>,
    /// Whether the template says something else of the API, its functions or its tables.
    pub api: bool,
}

impl Gateway {
    /// Reads the template, builds its functions with cargo and starts serving. Function processes start when they are needed.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        let Loaded { api, notes, .. } = load(&options)?;
        for note in &notes {
            tracing::info!("{note}");
        }
        // Before the build, which takes long: whatever is not there, or is taken, should be known at once.
        let (listener, address) = listen(options.host, options.port).await?;
        let elsewhere = match &options.lambda_endpoint {
            Some(url) => Some(Arc::new(connect_to_lambda(url).await?)),
            None => None,
        };
        let recorder = options.record.as_deref().map(record_in).transpose()?;
        let Opened { url, unguarded_url, embedded } = open_store(&options.store, options.dynamodb_port).await?;
        let guard = Arc::new(Guard {
            credentials: Credentials::new(&options.region()),
            strict: options.strict,
            elsewhere: options.lambda_endpoint.is_some(),
        });
        let deployer = Deployer {
            options,
            guard: Arc::clone(&guard),
            address: local(address),
            dynamodb_url: url,
            tables_url: unguarded_url,
            elsewhere,
        };
        let deployment = Arc::new(deployer.deploy(api, None).await?);
        let service = Arc::new(Service {
            deployed: RwLock::new(deployment),
            guard,
            clock: deployer.options.clock.clone(),
            open: OpenConnections::default(),
            places: Places::as_the_system_allows(),
            journal: Journal::new(),
            recorder,
            idle_timeout: deployer.options.idle_timeout,
            max_duration: deployer.options.max_duration,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            stopped: CancellationToken::new(),
        });
        let front_door = tokio::spawn(front_door::serve(Arc::clone(&service), listener));
        let store = embedded.map(|(store, front)| (front.serve(Arc::clone(&service), store.url()), store));
        Ok(Self { service, deployer, reloading: Mutex::default(), front_door, _store: store })
    }

    /// Reads the template again, builds what has changed, and serves that from now on. No connection is dropped: the next message of
    /// each goes to the new functions, while invocations that run already end with the old ones.
    ///
    /// # Errors
    /// See [`StartError`]. What was served before goes on then; but a binary that was built is built, and processes that start from now on
    /// start from it.
    pub async fn reload(&self) -> Result<Reloaded, StartError> {
        let _one_at_a_time = self.reloading.lock().await;
        let before = self.service.deployment();
        let deployment = self.deployer.deploy(load(&self.deployer.options)?.api, Some(&before)).await?;
        let reloaded = Reloaded {
            functions: deployment.functions.differing_from(&before.functions),
            api: deployment.api != before.api,
        };
        self.service.replace(Arc::new(deployment));
        Ok(reloaded)
    }

    pub(crate) fn service(&self) -> Arc<Service> {
        Arc::clone(&self.service)
    }

    pub(crate) fn template(&self) -> &Path {
        &self.deployer.options.template
    }

    /// Where clients connect: `ws://127.0.0.1:3001/prod`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("ws://{}/{}", self.deployer.address, self.api().stage.name)
    }

    /// The base URL of `@connections`: `http://127.0.0.1:3001/prod`.
    #[must_use]
    pub fn management_url(&self) -> String {
        format!("http://{}/{}", self.deployer.address, self.api().stage.name)
    }

    /// The base URL of Lambda's Invoke API, which has the functions: `http://127.0.0.1:3001`.
    #[must_use]
    pub fn lambda_url(&self) -> String {
        format!("http://{}", self.deployer.address)
    }

    /// Where the template's tables are.
    #[must_use]
    pub fn dynamodb_url(&self) -> &str {
        &self.deployer.dynamodb_url
    }

    /// What is served now.
    #[must_use]
    pub fn api(&self) -> Arc<Api> {
        Arc::clone(&self.service.deployment().api)
    }

    /// Every invocation from now on, in the order in which they end. A test waits here for what has no other sign.
    #[must_use]
    pub fn invocations(&self) -> Invocations {
        self.service.journal.read()
    }

    /// Sends an event of your own to a function, by its logical id, and returns its answer.
    ///
    /// # Errors
    /// See [`InvokeError`].
    pub async fn invoke(&self, function: &str, event: impl Into<Bytes>) -> Result<Bytes, InvokeError> {
        self.service.deployment().invoke(function, event.into()).await
    }

    /// Treats a connection id, mostly that of a sample event, as open as long as the result lives: what is posted to it can be read
    /// there.
    ///
    /// # Errors
    /// If it can't be a connection id, or is one of an open connection.
    pub fn adopt(&self, connection_id: &str) -> Result<Adopted, AdoptError> {
        Adopted::new(Arc::clone(&self.service), connection_id)
    }

    /// Lets nobody in any more, closes every connection with 1001, runs `$disconnect` for each and ends the functions' processes. Waits for
    /// all that five seconds at most; the processes are ended and reaped in any case.
    pub async fn stop(self) {
        self.service.stopping.cancel();
        self.service.tasks.close();
        if tokio::time::timeout(STOP_PATIENCE, self.service.tasks.wait()).await.is_err() {
            tracing::warn!("some connections did not end in time");
        }
        self.service.stopped.cancel();
        self.service.deployment().functions.shutdown().await;
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.service.stopping.cancel();
        self.service.stopped.cancel();
        self.service.deployment().functions.kill();
        self.front_door.abort();
    }
}

async fn listen(host: IpAddr, port: u16) -> Result<(TcpListener, SocketAddr), StartError> {
    let address = SocketAddr::new(host, port);
    let listening = async {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    listening.await.map_err(|source| StartError::Listen { address, source })
}

/// Where the tables are.
struct Opened {
    /// As functions find them.
    url: String,
    /// Past the guard.
    unguarded_url: String,
    embedded: Option<(Embedded, Front)>,
}

async fn open_store(store: &Store, port: u16) -> Result<Opened, StartError> {
    let data_dir = match store {
        Store::Endpoint(url) => return Ok(Opened { url: url.clone(), unguarded_url: url.clone(), embedded: None }),
        Store::Memory => None,
        Store::Directory(directory) => Some(directory.as_path()),
    };
    let opening = async { Ok((Embedded::start(data_dir)?, Front::listen(port).await?)) };
    let (store, front) = opening.await.map_err(|error: EmbeddedError| StartError::Store(error.into()))?;
    let (url, unguarded_url) = (front.url().to_owned(), store.url().to_owned());
    Ok(Opened { url, unguarded_url, embedded: Some((store, front)) })
}

fn record_in(directory: &Path) -> Result<Recorder, StartError> {
    Recorder::open(directory).map_err(|source| StartError::Record { directory: directory.to_owned(), source })
}

async fn connect_to_lambda(url: &str) -> Result<Endpoint, StartError> {
    Endpoint::connect(url).await.map_err(|why| StartError::LambdaEndpoint { url: url.to_owned(), why })
}

/// An address to connect to: a server that listens at every address is reached at this machine's own.
pub(crate) fn local(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}
