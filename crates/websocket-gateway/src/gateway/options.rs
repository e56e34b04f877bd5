use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use crate::api::RateLimit;
use crate::api::limits::{IDLE_TIMEOUT, MAX_DURATION};
use crate::clock::Clock;
use crate::secrets::{Names, without_userinfo};
use crate::template::{self, Loaded, Remark, TemplateError};

/// How to start a [`Gateway`](crate::Gateway). The default serves `template.yaml` on `127.0.0.1:3001` with API Gateway's limits.
///
/// ```
/// use websocket_gateway::Options;
///
/// let options = Options::default().template("api/template.yaml").port(0).parameter("Level", "debug");
/// ```
#[derive(Clone)]
#[must_use = "options do nothing until a gateway is started with them"]
pub struct Options {
    pub(super) template: PathBuf,
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) stack_name: Option<String>,
    pub(super) api: Option<String>,
    pub(super) stage: Option<String>,
    pub(super) host: IpAddr,
    pub(super) allowed_hosts: Vec<String>,
    pub(super) port: u16,
    #[cfg(feature = "tls")]
    pub(super) certificate: Option<(PathBuf, PathBuf)>,
    pub(super) release: bool,
    pub(super) lambda_endpoint: Option<String>,
    pub(super) store: Store,
    pub(super) dynamodb_port: u16,
    pub(super) sqs_endpoint: Option<String>,
    pub(super) sqs_port: u16,
    pub(super) rate_limit: Option<RateLimit>,
    pub(super) record: Option<PathBuf>,
    pub(super) strict: bool,
    #[cfg(feature = "console")]
    pub(super) console: Option<ConsoleAccess>,
    pub(super) idle_timeout: Duration,
    pub(super) max_duration: Duration,
    pub(super) clock: Clock,
}

/// Where the template's tables are.
#[derive(Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Store {
    /// In an embedded DynamoDB, which is gone when the gateway ends.
    #[default]
    Memory,
    /// In an embedded DynamoDB that keeps its data in this directory.
    Directory(PathBuf),
    /// In a DynamoDB that runs elsewhere, at this URL.
    Endpoint(String),
}

/// Who may open the console.
#[cfg(feature = "console")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConsoleAccess {
    /// Whoever knows its address, on this machine.
    Local,
    /// Whoever knows its address, on every machine that [`Options::host`] lets in.
    Remote,
}

impl Options {
    /// The SAM or CloudFormation template. A relative path starts at the current directory.
    pub fn template(mut self, path: impl Into<PathBuf>) -> Self {
        self.template = path.into();
        self
    }

    /// A value for one of the template's parameters, instead of its default. May be called several times.
    pub fn parameter(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.parameters.insert(name.into(), value.into());
        self
    }

    /// The stack's name, `AWS::StackName` in the template. The default is the name of the template's directory, shortened if a name that the
    /// template makes of it would be too long.
    pub fn stack_name(mut self, name: impl Into<String>) -> Self {
        self.stack_name = Some(name.into());
        self
    }

    /// The logical id of the API to serve. Needed only if the template has several.
    pub fn api(mut self, logical_id: impl Into<String>) -> Self {
        self.api = Some(logical_id.into());
        self
    }

    /// The name of the stage to serve. Needed only if the API has several.
    pub fn stage(mut self, name: impl Into<String>) -> Self {
        self.stage = Some(name.into());
        self
    }

    /// The address to listen at.
    pub fn host(mut self, host: IpAddr) -> Self {
        self.host = host;
        self
    }

    /// A host name or IP address that requests may name, in `Host` and in `Origin`. May be called several times.
    ///
    /// `@connections`, Lambda's Invoke API, the embedded DynamoDB and the embedded queues refuse a `Host` that is neither a loopback name nor an IP address, because
    /// it may be a web page's that was pointed at this machine, and they refuse every `Origin`. Allow the name of a tunnel or of this machine
    /// to be called by it, and the host of a page of your own to let it send requests. Who may connect to the WebSocket is decided by
    /// the API alone.
    pub fn allow_host(mut self, name: impl Into<String>) -> Self {
        self.allowed_hosts.push(name.into());
        self
    }

    /// The port to listen at; 0 takes a free one.
    pub fn port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// A certificate for clients, and its private key: PEM files. The gateway's port speaks TLS in any case, with a certificate that is made when
    /// the gateway starts and that only functions trust. Clients get this one instead if it is valid for the name that they ask for, or, if
    /// they ask for none, for the gateway's IP address.
    #[cfg(feature = "tls")]
    pub fn certificate(mut self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.certificate = Some((certificate.into(), key.into()));
        self
    }

    /// Whether to build the functions with `--release`.
    pub fn release(mut self, release: bool) -> Self {
        self.release = release;
        self
    }

    /// The URL of a server of Lambda's Invoke API that runs the functions. Without it the gateway builds and starts them.
    pub fn lambda_endpoint(mut self, url: impl Into<String>) -> Self {
        self.lambda_endpoint = Some(url.into());
        self
    }

    /// Where the template's tables are.
    pub fn store(mut self, store: Store) -> Self {
        self.store = store;
        self
    }

    /// The port of the embedded DynamoDB; 0 takes a free one.
    pub fn dynamodb_port(mut self, port: u16) -> Self {
        self.dynamodb_port = port;
        self
    }

    /// The URL of an SQS that runs elsewhere, which then has the template's queues. Without it they are embedded, and are gone when the gateway
    /// ends.
    pub fn sqs_endpoint(mut self, url: impl Into<String>) -> Self {
        self.sqs_endpoint = Some(url.into());
        self
    }

    /// The port of the embedded queues; 0 takes a free one.
    pub fn sqs_port(mut self, port: u16) -> Self {
        self.sqs_port = port;
        self
    }

    /// How many calls of `@connections` are served, by the gateway's clock; `None` for as many as come. The default is an account's quota,
    /// 10,000 a second and 5,000 at once. What exceeds it gets 429, as on AWS.
    pub fn rate_limit(mut self, limit: impl Into<Option<RateLimit>>) -> Self {
        self.rate_limit = limit.into();
        self
    }

    /// A directory in which to keep every event of a route, as a file that can be replayed. Secrets in the headers and the query of a
    /// handshake are masked; messages are kept as they are.
    pub fn record(mut self, directory: impl Into<PathBuf>) -> Self {
        self.record = Some(directory.into());
        self
    }

    /// Whether `@connections`, the embedded DynamoDB, the embedded queues and Lambda's Invoke API serve only requests with the credentials that functions get.
    /// Otherwise a person's own tools are served, too.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Serves the console at the gateway's port, see [`Gateway::console_url`](crate::Gateway::console_url). Without this there is none; the
    /// program has it on.
    #[cfg(feature = "console")]
    pub fn console(mut self, access: ConsoleAccess) -> Self {
        self.console = Some(access);
        self
    }

    /// How long a connection may be without a message before it is closed.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// How long a connection may last before it is closed.
    pub fn max_duration(mut self, duration: Duration) -> Self {
        self.max_duration = duration;
        self
    }

    /// The clock that limits and events go by.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Reads the template, without building or starting anything.
    ///
    /// # Errors
    /// If the gateway can't serve it.
    pub fn read_template(&self) -> Result<Loaded, TemplateError> {
        template::load(&self.template, &self.reading())
    }

    /// Checks the template as the command `check` does: what AWS would refuse, or take and then not do, in the order of the file. Every API and
    /// stage of the template is checked.
    ///
    /// # Errors
    /// If the file can't be read, is not valid YAML, or has no WebSocket API.
    pub fn check_template(&self) -> Result<Vec<Remark>, TemplateError> {
        template::check(&self.template, &self.reading())
    }

    /// The region that functions are told to be in.
    pub(super) fn region(&self) -> String {
        self.reading().account.region
    }

    fn reading(&self) -> template::Options {
        template::Options {
            parameters: self.parameters.clone(),
            stack_name: self.stack_name.clone(),
            api: self.api.clone(),
            stage: self.stage.clone(),
            ..template::Options::default()
        }
    }
}

/// Without the values of parameters, which may be secrets, and without the users and passwords of URLs.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each by its name, so that a new field is not forgotten.
        let Self {
            template,
            parameters,
            stack_name,
            api,
            stage,
            host,
            allowed_hosts,
            port,
            #[cfg(feature = "tls")]
            certificate,
            release,
            lambda_endpoint,
            store,
            dynamodb_port,
            sqs_endpoint,
            sqs_port,
            rate_limit,
            record,
            strict,
            #[cfg(feature = "console")]
            console,
            idle_timeout,
            max_duration,
            clock,
        } = self;
        let mut shown = f.debug_struct("Options");
        #[cfg(feature = "tls")]
        shown.field("certificate", certificate);
        #[cfg(feature = "console")]
        shown.field("console", console);
        shown
            .field("template", template)
            .field("parameters", &Names(parameters))
            .field("stack_name", stack_name)
            .field("api", api)
            .field("stage", stage)
            .field("host", host)
            .field("allowed_hosts", allowed_hosts)
            .field("port", port)
            .field("release", release)
            .field("lambda_endpoint", &lambda_endpoint.as_deref().map(without_userinfo))
            .field("store", store)
            .field("dynamodb_port", dynamodb_port)
            .field("sqs_endpoint", &sqs_endpoint.as_deref().map(without_userinfo))
            .field("sqs_port", sqs_port)
            .field("rate_limit", rate_limit)
            .field("record", record)
            .field("strict", strict)
            .field("idle_timeout", idle_timeout)
            .field("max_duration", max_duration)
            .field("clock", clock)
            .finish()
    }
}

/// Without the user and the password of a URL.
impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Memory => f.write_str("Memory"),
            Self::Directory(directory) => f.debug_tuple("Directory").field(directory).finish(),
            Self::Endpoint(url) => f.debug_tuple("Endpoint").field(&without_userinfo(url)).finish(),
        }
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            template: PathBuf::from("template.yaml"),
            parameters: BTreeMap::new(),
            stack_name: None,
            api: None,
            stage: None,
            host: Ipv4Addr::LOCALHOST.into(),
            allowed_hosts: Vec::new(),
            port: 3001,
            #[cfg(feature = "tls")]
            certificate: None,
            release: false,
            lambda_endpoint: None,
            store: Store::default(),
            dynamodb_port: 0,
            sqs_endpoint: None,
            sqs_port: 0,
            rate_limit: Some(RateLimit::default()),
            record: None,
            strict: false,
            #[cfg(feature = "console")]
            console: None,
            idle_timeout: IDLE_TIMEOUT,
            max_duration: MAX_DURATION,
            clock: Clock::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_names_and_no_secrets() {
        let options = Options::default()
            .parameter("JwtSecret", "hunter2")
            .lambda_endpoint("http://me:hunter2@localhost:9000")
            .store(Store::Endpoint("http://me:hunter2@localhost:8000".to_owned()))
            .sqs_endpoint("http://me:hunter2@localhost:9324");
        let shown = format!("{options:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        for name in ["JwtSecret", "http://localhost:9000", "http://localhost:8000", "http://localhost:9324"] {
            assert!(shown.contains(name), "{shown}");
        }
    }
}
