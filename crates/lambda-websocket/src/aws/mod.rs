//! The one place that configures SDK clients: roots of trust, retries, time limits. Everything is made at its first use, so that a
//! function that never calls AWS neither pays for a client nor links one.
//!
//! Clients are kept for each thread and not for the process. A client's connections live in the runtime that made them; in Lambda there
//! is one, on one thread, but tests have a runtime each, and a client that outlived its own would fail.

use std::cell::{OnceCell, RefCell};
use std::path::PathBuf;
use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{HttpClient, http_client_fn};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::cause::BoxError;

/// The roots that AWS's endpoints chain to. Reading all of a system's roots instead is most of an SDK's cold start.
/// Source: Amazon Trust Services, "Root CAs".
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// All tries of a call together. A post and the error frame that tells of its failure both fit into half of the 29 s that API Gateway
/// waits for a function.
const OPERATION: Duration = Duration::from_secs(6);
const ATTEMPT: Duration = Duration::from_secs(3);
const CONNECT: Duration = Duration::from_secs(1);

/// `AWS_CA_BUNDLE` names something that can't be trusted.
#[derive(Debug, thiserror::Error)]
#[error("AWS_CA_BUNDLE names {}, which is no file of PEM certificates", .path.display())]
struct BadBundle {
    path: PathBuf,
    source: BoxError,
}

async fn config() -> Result<SdkConfig, BoxError> {
    thread_local!(static CONFIG: OnceCell<SdkConfig> = const { OnceCell::new() });

    if let Some(config) = CONFIG.with(|config| config.get().cloned()) {
        return Ok(config);
    }
    // Boxed: only the first call needs it, but it would be 11 KB of the future of each, which is copied on its way to the runtime.
    let loaded = Box::pin(load()).await?;
    // Of two first calls at once the quicker one's stays.
    Ok(CONFIG.with(|config| config.get_or_init(|| loaded).clone()))
}

async fn load() -> Result<SdkConfig, BoxError> {
    keep_freed_memory();
    let trust = TrustStore::empty().with_pem_certificate(roots()?);
    let tls = TlsContext::builder().with_trust_store(trust).build()?;
    let http = Builder::new().tls_provider(Provider::rustls(CryptoMode::Ring)).tls_context(tls).build_https();
    // Each new client would have `http` read the roots, to see whether it can. That is so: they were checked.
    let http = http_client_fn(move |settings, components| http.http_connector(settings, components));
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(50))
        .with_max_backoff(Duration::from_millis(500));
    let time_limits = TimeoutConfig::builder()
        .connect_timeout(CONNECT)
        .operation_attempt_timeout(ATTEMPT)
        .operation_timeout(OPERATION)
        .build();
    let loader = from_environment(aws_config::defaults(BehaviorVersion::latest()));
    Ok(loader.http_client(http).retry_config(retries).timeout_config(time_limits).load().await)
}

/// Has glibc keep up to 1 MiB of freed memory at the end of its heap. It begins with 128 KiB, and then gives back what every few posts need
/// and asks the system for it again, which takes 5 % of the time of a broadcast. It learns from the first large block that it sees freed.
/// Source: mallopt(3), `M_TRIM_THRESHOLD` and `M_MMAP_THRESHOLD`.
fn keep_freed_memory() {
    const HALF: usize = 512 * 1024;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(HALF)));
}

/// Lambda hands credentials and region over in the environment, where the SDK's chain looks first too. But before it does, it makes
/// clients for all the places where it might look next, which takes a quarter of the time to the first call.
fn from_environment(mut loader: ConfigLoader) -> ConfigLoader {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("AWS_ACCESS_KEY_ID") && is_set("AWS_SECRET_ACCESS_KEY") {
        loader = loader.credentials_provider(EnvironmentVariableCredentialsProvider::new());
    }
    if is_set("AWS_REGION") {
        loader = loader.region(EnvironmentVariableRegionProvider::new());
    }
    loader
}

/// `AWS_CA_BUNDLE` names a file of roots to trust instead of Amazon's, for a proxy or a private endpoint, as for the AWS CLI.
fn roots() -> Result<Vec<u8>, BadBundle> {
    let Some(path) = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return Ok(AMAZON_ROOTS.to_vec());
    };
    read_roots(&path).map_err(|source| BadBundle { path, source })
}

/// Checks them too: the SDK's HTTP client panics on a certificate that it can't read.
fn read_roots(path: &std::path::Path) -> Result<Vec<u8>, BoxError> {
    let pem = std::fs::read(path)?;
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        store.add(certificate?)?;
    }
    if store.is_empty() { Err("there is no certificate in it".into()) } else { Ok(pem) }
}

/// The client for `@connections` at `url`. The last one is kept: a function posts to one stage, mostly.
pub(crate) async fn connections(url: &str) -> Result<aws_sdk_apigatewaymanagement::Client, BoxError> {
    use aws_sdk_apigatewaymanagement::{Client, config::Builder};
    thread_local!(static LAST: RefCell<Option<(String, Client)>> = const { RefCell::new(None) });

    let kept =
        LAST.with_borrow(|last| last.as_ref().filter(|(known, _)| known == url).map(|(_, client)| client.clone()));
    if let Some(client) = kept {
        return Ok(client);
    }
    let client = Client::from_conf(Builder::from(&config().await?).endpoint_url(url).build());
    LAST.set(Some((url.to_owned(), client.clone())));
    Ok(client)
}

/// The client for DynamoDB; `AWS_ENDPOINT_URL_DYNAMODB` says where, if it is not the region's own.
#[cfg(feature = "dynamodb")]
pub(crate) async fn dynamodb() -> Result<aws_sdk_dynamodb::Client, BoxError> {
    use aws_sdk_dynamodb::Client;
    thread_local!(static CLIENT: OnceCell<Client> = const { OnceCell::new() });

    if let Some(client) = CLIENT.with(|client| client.get().cloned()) {
        return Ok(client);
    }
    let made = Client::new(&config().await?);
    Ok(CLIENT.with(|client| client.get_or_init(|| made).clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_roots_are_five_certificates() {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(AMAZON_ROOTS) {
            store.add(certificate.unwrap()).unwrap();
        }
        assert_eq!(store.len(), 5);
    }

    #[test]
    fn the_future_of_a_client_is_small() {
        assert!(size_of_val(&connections("https://example.com/prod")) < 256);
    }

    #[test]
    fn a_bundle_that_is_none_is_an_error_that_says_so() {
        let manifest = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(read_roots(&manifest.join("src/aws/amazon-roots.pem")).is_ok());
        let error = read_roots(&manifest.join("Cargo.toml")).unwrap_err();
        assert_eq!(error.to_string(), "there is no certificate in it");
        assert!(read_roots(&manifest.join("missing.pem")).is_err());
    }
}
