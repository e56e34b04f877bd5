use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;
use std::time::Duration;

use crate::api::limits::{IDLE_TIMEOUT, MAX_DURATION};
use crate::clock::Clock;
use crate::template::{self, Loaded, TemplateError};

/// How to start a [`Gateway`](crate::Gateway).
#[derive(Clone, Debug)]
pub struct Options {
    /// The SAM template.
    pub template: PathBuf,
    /// Values for its parameters, over their defaults.
    pub parameters: BTreeMap<String, String>,
    /// The logical id of the API to serve; needed only if the template has several.
    pub api: Option<String>,
    /// The name of the stage to serve; needed only if the API has several.
    pub stage: Option<String>,
    /// The address to listen at.
    pub host: IpAddr,
    /// The port to listen at; 0 takes a free one.
    pub port: u16,
    /// Whether the functions are built with `--release`.
    pub release: bool,
    /// The URL of a server of Lambda's Invoke API that runs the functions; without it they are built and started here.
    pub lambda_endpoint: Option<String>,
    /// Where the template's tables are.
    pub store: Store,
    /// The port of the embedded DynamoDB; 0 takes a free one.
    pub dynamodb_port: u16,
    /// Where to keep every event of a route, as a file that can be replayed. Secrets in the headers and the query of a
    /// handshake are masked; what a message says is not.
    pub record: Option<PathBuf>,
    /// Whether `@connections` and the embedded DynamoDB serve only requests with the credentials that functions get, and Lambda's Invoke API
    /// serves nobody. Without it a person's own tools are served too.
    pub strict: bool,
    /// After how long without a message a connection is closed.
    pub idle_timeout: Duration,
    /// After how long a connection is closed whatever it does.
    pub max_duration: Duration,
    /// The time that limits and events go by.
    pub clock: Clock,
}

impl Options {
    /// What the template says, without building or starting anything.
    ///
    /// # Errors
    /// If the gateway can't serve it.
    pub fn read_template(&self) -> Result<Loaded, TemplateError> {
        template::load(&self.template, &self.reading())
    }

    /// The region that functions believe to be in.
    pub(crate) fn region(&self) -> String {
        self.reading().region
    }

    fn reading(&self) -> template::Options {
        template::Options {
            parameters: self.parameters.clone(),
            api: self.api.clone(),
            stage: self.stage.clone(),
            ..template::Options::default()
        }
    }
}

/// Where the template's tables are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Store {
    /// In an embedded DynamoDB, gone when the gateway ends.
    #[default]
    Memory,
    /// In an embedded DynamoDB that keeps its data in this directory.
    Directory(PathBuf),
    /// In a DynamoDB that somebody else runs, at this URL.
    Endpoint(String),
}

impl Default for Options {
    /// `template.yaml` on `127.0.0.1:3001`, with API Gateway's limits.
    fn default() -> Self {
        Self {
            template: PathBuf::from("template.yaml"),
            parameters: BTreeMap::new(),
            api: None,
            stage: None,
            host: Ipv4Addr::LOCALHOST.into(),
            port: 3001,
            release: false,
            lambda_endpoint: None,
            store: Store::default(),
            dynamodb_port: 0,
            record: None,
            strict: false,
            idle_timeout: IDLE_TIMEOUT,
            max_duration: MAX_DURATION,
            clock: Clock::default(),
        }
    }
}
