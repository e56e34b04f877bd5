//! A gateway from its start to its stop: reload, watching for changes, recording.

mod changes;
mod deployer;
mod environment;
mod error;
mod options;
mod own_address;
mod recorder;
#[cfg(feature = "tls")]
mod roots;
mod store;
#[cfg_attr(not(feature = "tls"), path = "no_trust.rs")]
mod trust;
mod watch;

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::Api;
use crate::doors::{self, Console};
use crate::event_sources::{EventSources, Polling};
use crate::faults::Faults;
use crate::guard::{AllowedHosts, Credentials, Guard, ProxyKey};
use crate::happenings::{HappeningSender, Happenings, Interest, Invocations, Level, Reloaded, What};
use crate::lambda::{ByHand, InvokeError, RemoteLambda, Runtimes};
use crate::secrets::without_userinfo;
use crate::service::connections::{AdoptError, Adopted, OpenConnections};
use crate::service::{Asynchronous, DISCONNECTS_AT_ONCE, Homes, Places, Service, Throttle, Turns};
use crate::template::Loaded;
use crate::wire::address::reachable;
use deployer::{Deployer, load};
use recorder::Recorder;
use store::{OpenQueues, OpenStore, RunningQueues, RunningStore};
use trust::Trust;

pub use changes::Changes;
pub use environment::environment;
pub use error::StartError;
#[cfg(feature = "console")]
pub use options::ConsoleAccess;
pub use options::{Options, Store};
pub use watch::WatchError;

/// How long [`Gateway::stop`] waits for sessions to close and for `$disconnect` to run.
const STOP_PATIENCE: Duration = Duration::from_secs(5);

/// How long [`Gateway::stop`] then waits for the last events to be recorded.
const RECORD_PATIENCE: Duration = Duration::from_secs(2);

/// A running gateway. If it is dropped, it kills the functions' processes and takes no more clients; [`Gateway::stop`] ends everything in
/// good order, and waits for it.
#[derive(Debug)]
#[must_use = "a gateway ends when it is dropped"]
pub struct Gateway {
    service: Arc<Service>,
    deployer: Deployer,
    reloading: Mutex<()>,
    #[cfg(feature = "console")]
    console: Option<Arc<Console>>,
    door: JoinHandle<()>,
    recording: Option<JoinHandle<()>>,
    event_sources: EventSources,
    store: RunningStore,
    queues: RunningQueues,
}

impl Gateway {
    /// Reads the template, builds its Rust functions with cargo, finds what runs all others, and starts serving. Function processes start when
    /// they are needed.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start(options: Options) -> Result<Self, StartError> {
        Self::start_with(options, |_| ()).await.map(|(gateway, ())| gateway)
    }

    /// Starts a gateway as [`Gateway::start`] does, with a reader of everything that happens from its first client on, up to a level.
    ///
    /// # Errors
    /// See [`StartError`].
    pub async fn start_with_happenings(options: Options, level: Level) -> Result<(Self, Happenings), StartError> {
        Self::start_with(options, |happenings| happenings.subscribe(Interest::UpTo(level))).await
    }

    /// `subscribe` is called before the first client can come.
    async fn start_with<R>(
        options: Options,
        subscribe: impl FnOnce(&HappeningSender) -> R,
    ) -> Result<(Self, R), StartError> {
        let Loaded { api, notes, .. } = load(&options)?;
        for note in &notes {
            tracing::info!("{note}");
        }
        let allowed_hosts = AllowedHosts::new(&options.allowed_hosts)
            .map_err(|name| StartError::AllowHost { name: name.to_owned() })?
            .and_of_aws(&api.account);
        // Before the build, which takes long, so that whatever is missing or taken is known at once.
        let (listener, address) = listen(options.host, options.port).await?;
        let elsewhere = match &options.lambda_endpoint {
            Some(url) => Some(Arc::new(connect_to_lambda(url).await?)),
            None => None,
        };
        let recorder = options.record.as_deref().map(record_in).transpose()?;
        let store = OpenStore::open(&options).await?;
        let address = reachable(address);
        let trust = trust::start(address, &allowed_hosts, &options)?;
        let tls = trust.as_ref().map(Trust::tls);
        let guard = Arc::new(Guard {
            credentials: Credentials::new(&options.region()),
            strict: options.strict,
            elsewhere: options.lambda_endpoint.is_some(),
            allowed_hosts,
            proxy: ProxyKey::random(),
        });
        let happenings = HappeningSender::new(options.clock.clone());
        let queues = OpenQueues::open(&options, &guard.credentials, &happenings).await?;
        let homes = Homes { gateway: address, store: store.address(), queues: queues.address() };
        let faults = Faults::new(happenings.clone());
        let reader = subscribe(&happenings);
        let deployer = Deployer {
            options,
            guard: Arc::clone(&guard),
            happenings: happenings.clone(),
            faults: Arc::clone(&faults),
            homes,
            trust,
            dynamodb_url: store.url.clone(),
            tables: store.tables.clone(),
            sqs_url: queues.url.clone(),
            queues: queues.queues.clone(),
            elsewhere,
            runtimes: Runtimes::default(),
        };
        let deployment = Arc::new(deployer.deploy(api, None).await?);
        let service = Arc::new(Service {
            deployed: RwLock::new(deployment),
            guard,
            homes,
            clock: deployer.options.clock.clone(),
            open: Arc::new(OpenConnections::default()),
            places: Places::as_the_system_allows(),
            asynchronous: Asynchronous::new(),
            disconnects: Arc::new(Semaphore::new(DISCONNECTS_AT_ONCE)),
            turns: Turns::new(),
            throttle: Throttle::new(deployer.options.rate_limit, deployer.options.clock.now_ms()),
            faults,
            happenings: happenings.clone(),
            idle_timeout: deployer.options.idle_timeout,
            max_duration: deployer.options.max_duration,
            tasks: TaskTracker::new(),
            stopping: CancellationToken::new(),
            stopped: CancellationToken::new(),
        });
        let recording =
            recorder.map(|recorder| tokio::spawn(recorder.run(happenings.subscribe(Interest::Events), happenings)));
        let console = console(&deployer, &service.happenings);
        let door = tokio::spawn(doors::serve(Arc::clone(&service), console.clone(), listener, tls.clone()));
        let event_sources = EventSources::new(Polling {
            store: queues.queues.clone(),
            clock: service.clock.clone(),
            happenings: service.happenings.clone(),
            tasks: service.tasks.clone(),
            stopping: service.stopping.clone(),
        });
        let (store, queues) = (store.serve(&service, tls.clone()), queues.serve(&service, tls));
        service.happenings.tell(Level::Detail, || What::Serving { url: service.url() });
        let gateway = Self {
            service,
            deployer,
            reloading: Mutex::default(),
            #[cfg(feature = "console")]
            console,
            door,
            recording,
            event_sources,
            store,
            queues,
        };
        gateway.poll();
        Ok((gateway, reader))
    }

    /// Reads the template again, builds what has changed, and serves that from now on. No connection is dropped: the next message of
    /// each goes to the new functions, and invocations that are running end with the old ones.
    ///
    /// # Errors
    /// See [`StartError`]. The gateway then goes on as before, except that processes that start from now on start from the binaries that were
    /// already built.
    pub async fn reload(&self) -> Result<Reloaded, StartError> {
        let _one_at_a_time = self.reloading.lock().await;
        let before = self.service.deployment();
        let deployment = self.deployer.deploy(load(&self.deployer.options)?.api, Some(&before)).await?;
        let reloaded = Reloaded {
            functions: deployment.functions.differing_from(&before.functions),
            api: deployment.api != before.api,
        };
        self.service.replace(Arc::new(deployment));
        self.poll();
        if reloaded.api || !reloaded.functions.is_empty() {
            self.service.happenings.tell(Level::Detail, || What::Reloaded(reloaded.clone()));
        }
        Ok(reloaded)
    }

    /// Invokes functions with the messages of queues, as the deployment says that is served now.
    fn poll(&self) {
        let deployment = self.service.deployment();
        self.event_sources.poll_for(&deployment.api, &deployment.functions);
    }

    /// How many connections are open, and how many tasks must end before the gateway does.
    #[cfg(fuzzing)]
    pub fn open_connections_and_tasks(&self) -> (usize, usize) {
        (self.service.open.count(), self.service.tasks.len())
    }

    /// Where the gateway listens, as functions reach it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.service.homes.gateway
    }

    fn template(&self) -> &Path {
        &self.deployer.options.template
    }

    /// Where clients connect: `ws://127.0.0.1:3001/prod`.
    #[must_use]
    pub fn url(&self) -> String {
        self.service.url()
    }

    /// The certificate that clients must trust to connect over TLS, as PEM: to the same addresses, with `wss` and `https` as their schemes. It is that
    /// of an authority that was made for this gateway, and has issued one certificate.
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn certificate_authority(&self) -> &str {
        self.deployer.trust.as_ref().map_or("", Trust::authority)
    }

    /// The base URL of `@connections`: `http://127.0.0.1:3001/prod`.
    #[must_use]
    pub fn management_url(&self) -> String {
        format!("http://{}/{}", self.deployer.homes.gateway, self.api().stage.name)
    }

    /// Where a browser finds the console: `http://127.0.0.1:3001/@console#` and a token without which it shows nothing. `None` unless
    /// [`Options::console`] asks for it.
    #[cfg(feature = "console")]
    #[must_use]
    pub fn console_url(&self) -> Option<String> {
        self.console.as_ref().map(|console| format!("http://{}{}", self.deployer.homes.gateway, console.path()))
    }

    /// The base URL of Lambda's Invoke API, through which the functions can be invoked: `http://127.0.0.1:3001`.
    #[must_use]
    pub fn lambda_url(&self) -> String {
        format!("http://{}", self.deployer.homes.gateway)
    }

    /// The URL of the DynamoDB that has the template's tables.
    #[must_use]
    pub fn dynamodb_url(&self) -> &str {
        &self.deployer.dynamodb_url
    }

    /// The URL of the SQS that has the template's queues.
    #[must_use]
    pub fn sqs_url(&self) -> &str {
        &self.deployer.sqs_url
    }

    /// What is served now.
    #[must_use]
    pub fn api(&self) -> Arc<Api> {
        Arc::clone(&self.service.deployment().api)
    }

    /// Everything that happens from now on, up to a level: connections, frames, events, invocations, the functions' output.
    pub fn happenings(&self, level: Level) -> Happenings {
        self.service.happenings.subscribe(Interest::UpTo(level))
    }

    /// Every invocation of a route's function from now on, in the order in which they end. A test waits here for what a client can't see.
    pub fn invocations(&self) -> Invocations {
        Invocations::new(self.service.happenings.subscribe(Interest::Invocations))
    }

    /// Sends an event of your own to a function, by its logical id, and returns its answer.
    ///
    /// # Errors
    /// See [`InvokeError`].
    pub async fn invoke(&self, function: &str, event: impl Into<Bytes>) -> Result<Bytes, InvokeError> {
        let function = self.service.deployment().functions.get(function)?.clone();
        function.invoke(event.into(), &ByHand::default()).await
    }

    /// Treats a connection id, usually a sample event's, as open as long as the result lives. Messages that are posted to it can be read there.
    ///
    /// # Errors
    /// If it is not a valid connection id, or is the id of an open connection.
    pub fn adopt(&self, connection_id: &str) -> Result<Adopted, AdoptError> {
        Adopted::new(Arc::clone(&self.service.open), connection_id, self.service.clock.now_ms())
    }

    /// Takes no more clients, closes every connection with 1001, runs `$disconnect` for each, lets the batches of queues end that have begun, and
    /// ends the functions' processes. Waits for all that five seconds at most, and two more for events that are being recorded; the processes are ended and reaped in any case.
    pub async fn stop(mut self) {
        self.service.stopping.cancel();
        // What waits for the end of a fault must not wait any more.
        self.service.faults.end_all();
        self.service.tasks.close();
        if tokio::time::timeout(STOP_PATIENCE, self.service.tasks.wait()).await.is_err() {
            self.service.happenings.tell(Level::Warning, || What::StoppedEarly);
        }
        self.service.stopped.cancel();
        // It panics only if serving a connection does, and that ends no more than the connection.
        let _ = (&mut self.door).await;
        self.service.deployment().functions.shutdown().await;
        self.store.stop().await;
        self.queues.stop().await;
        // The recorder first, so that the other readers are told what it could not write.
        self.service.happenings.stop_events();
        if let Some(recording) = self.recording.take()
            && tokio::time::timeout(RECORD_PATIENCE, recording).await.is_err()
        {
            let why = "writing the last events took too long".to_owned();
            self.service.happenings.tell(Level::Error, || What::NotRecorded { why });
        }
        self.service.happenings.stop();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.service.stopping.cancel();
        self.service.stopped.cancel();
        self.service.deployment().functions.kill();
        self.service.happenings.stop();
        self.door.abort();
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

/// The console, if the options ask for it.
#[cfg(feature = "console")]
fn console(deployer: &Deployer, happenings: &HappeningSender) -> Option<Arc<Console>> {
    let Deployer { options, tables, .. } = deployer;
    let is_remote = options.console? == ConsoleAccess::Remote;
    Some(Console::start(happenings, options.template.with_file_name("events"), tables.clone(), is_remote))
}

#[cfg(not(feature = "console"))]
fn console(_: &Deployer, _: &HappeningSender) -> Option<Arc<Console>> {
    None
}

fn record_in(directory: &Path) -> Result<Recorder, StartError> {
    Recorder::open(directory).map_err(|source| StartError::Record { directory: directory.to_owned(), source })
}

async fn connect_to_lambda(url: &str) -> Result<RemoteLambda, StartError> {
    RemoteLambda::connect(url).await.map_err(|why| StartError::LambdaEndpoint { url: without_userinfo(url), why })
}
