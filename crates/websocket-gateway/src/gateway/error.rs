use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::lambda::BuildError;
use crate::template::TemplateError;

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
    /// What [`Options::allow_host`](crate::Options::allow_host) names is not a host.
    #[error(
        "`{name}` is neither a host name nor an IP address; give --allow-host the name alone, without scheme, port and path, for example \
         --allow-host api.example.com"
    )]
    AllowHost {
        /// The name.
        name: String,
    },
    /// The certificate of [`Options::certificate`](crate::Options::certificate) can't be used.
    #[error("{0}; --tls-cert and --tls-key name PEM files with a certificate and its key")]
    Certificate(Box<dyn std::error::Error + Send + Sync>),
    /// The gateway can't make a certificate of its own.
    #[error(transparent)]
    Tls(Box<dyn std::error::Error + Send + Sync>),
    /// The port is taken, or not allowed.
    #[error("can't listen at {address}: {source}; choose another port with --port, or --port 0 for any that is free")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The store can't be opened, the port of an embedded service is taken, or a table or a queue can't be made.
    #[error(transparent)]
    Store(Box<dyn std::error::Error + Send + Sync>),
    /// No server of Lambda's Invoke API listens at the URL of the options.
    #[error(
        "the Lambda endpoint {url} can't be reached: {why}; start a Lambda server there first, for example `cargo lambda watch`"
    )]
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
}
