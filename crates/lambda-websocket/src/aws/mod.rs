//! The one place that configures SDK clients: certificates to trust, retries, time limits. Everything is made at its first use, so that
//! a function that never calls AWS neither pays for a client nor links the SDK.
//!
//! Clients are kept for each thread and not for the process. A client's connections live in the runtime that made them. A function on
//! Lambda has one runtime on one thread, but each test has its own, and a client that outlived its runtime would fail. With the runtime's id as
//! the key, a process-wide map would need a lock at each call and someone who clears it.

mod one_first;
#[cfg(feature = "fan-out")]
mod throttling;
mod trust;

use std::cell::{OnceCell, RefCell};
use std::thread::LocalKey;
use std::time::Duration;

use aws_config::environment::{EnvironmentVariableCredentialsProvider, EnvironmentVariableRegionProvider};
use aws_config::retry::RetryConfig;
use aws_config::stalled_stream_protection::StalledStreamProtectionConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, ConfigLoader, SdkConfig};
use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::config::Builder as Settings;
use aws_sdk_apigatewaymanagement::config::endpoint::{Endpoint, EndpointFuture, Params, ResolveEndpoint};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use aws_smithy_runtime_api::client::http::{HttpClient, http_client_fn};

use crate::cause::BoxError;

/// All tries of a call together. A post and the error frame that tells of its failure both fit into half of the 29 s that API Gateway
/// waits for a function.
const OPERATION: Duration = Duration::from_secs(6);
const ATTEMPT: Duration = Duration::from_secs(3);
const CONNECT: Duration = Duration::from_secs(1);

/// The AWS SDK can't be configured, for example because the file that `AWS_CA_BUNDLE` names holds no certificate.
#[derive(Debug, thiserror::Error)]
#[error("the AWS SDK can't be configured")]
pub struct SdkConfigError(#[source] BoxError);

/// The configuration of this crate's own SDK clients, for other clients in the same function.
///
/// Clients of it share one pool of connections for each service's address, the credentials and the region from Lambda's environment, the
/// certificates that are trusted (Amazon's own roots or those in `AWS_CA_BUNDLE`; reading a system's whole list takes most of a usual
/// cold start), and the limits on a call: 1 s to connect, 3 s for a try, three tries and 6 s in all. Any of it can be set anew for a
/// client.
///
/// ```no_run
/// # use aws_sdk_apigatewaymanagement as aws_sdk_sqs;
/// # async fn f() -> Result<(), lambda_websocket::Error> {
/// let queue = aws_sdk_sqs::Client::new(&lambda_websocket::sdk_config().await?);
/// # Ok(()) }
/// ```
///
/// # On a multi-threaded runtime
///
/// It is made at the first call in a thread and kept for that thread, and so are the crate's own clients. So a function whose `main` is
/// `#[tokio::main(flavor = "current_thread")]` makes everything once, while on a multi-threaded runtime each worker thread that calls AWS
/// makes its own, with connections and TLS handshakes of its own. Below 1,769 MB of memory a function has less than one vCPU, and a second
/// thread gains nothing. A client of your own can be made once in `main` and cloned for every thread.
///
/// # Errors
/// If the certificates can't be read.
pub async fn sdk_config() -> Result<SdkConfig, SdkConfigError> {
    config().await.map_err(SdkConfigError)
}

async fn config() -> Result<SdkConfig, BoxError> {
    thread_local!(static CONFIG: OnceCell<SdkConfig> = const { OnceCell::new() });

    if let Some(config) = CONFIG.with(|config| config.get().cloned()) {
        return Ok(config);
    }
    // Boxed: only the first call needs it, but it would be 11 KB of every call's future, which is copied on its way to the runtime.
    let loaded = Box::pin(load()).await?;
    // If two first calls run at once, the quicker call's configuration stays.
    Ok(CONFIG.with(|config| config.get_or_init(|| loaded).clone()))
}

async fn load() -> Result<SdkConfig, BoxError> {
    keep_freed_memory();
    let trust = TrustStore::empty().with_pem_certificate(trust::roots()?);
    let tls = TlsContext::builder().with_trust_store(trust).build()?;
    let http = Builder::new().tls_provider(Provider::rustls(CryptoMode::Ring)).tls_context(tls).build_https();
    // Given `http` itself, each new client would make it read the certificates once more, only to check them. `trust` has done that.
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

/// Frees one block of 512 KiB, from which glibc learns to keep up to 1 MiB of freed memory instead of 128 KiB; without this it returns
/// to the system what the next posts need again, which takes 5 % of a broadcast's time.
/// Source: mallopt(3), `M_TRIM_THRESHOLD` and `M_MMAP_THRESHOLD`: freeing a block raises both. Other allocators are not affected.
fn keep_freed_memory() {
    const HALF: usize = 512 * 1024;
    drop(std::hint::black_box(Vec::<u8>::with_capacity(HALF)));
}

/// Lambda passes credentials and region in the environment, which is also where the SDK's own chain looks first. But before it looks, the
/// chain makes clients for all other places, which takes a quarter of the time to the first call.
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

/// The settings of a client for `@connections` at `url`. What a post does not need is left out: the rules that find an endpoint, and a watch over the
/// speed of bodies, which are small and have a time limit.
fn settings(config: &SdkConfig, url: &str) -> Settings {
    let settings = Settings::from(config)
        .endpoint_resolver(At(Endpoint::builder().url(url.to_owned()).build()))
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    match config.http_client() {
        Some(http) => settings.http_client(one_first::one_first(http)),
        None => settings,
    }
}

/// An endpoint that is known.
#[derive(Debug)]
struct At(Endpoint);

impl ResolveEndpoint for At {
    fn resolve_endpoint<'a>(&'a self, _: &'a Params) -> EndpointFuture<'a> {
        EndpointFuture::ready(Ok(self.0.clone()))
    }
}

/// The client for `@connections` at `url`.
pub(crate) async fn connections(url: &str) -> Result<Client, BoxError> {
    thread_local!(static LAST: LastClient = const { RefCell::new(None) });
    kept(&LAST, url, |settings| settings).await
}

/// The same for a fan-out: a post that is answered with 429 is not repeated, because what the answer means takes a look at others, and because
/// repetitions would be posts that nobody has counted.
#[cfg(feature = "fan-out")]
pub(crate) async fn connections_without_retries_of_429(url: &str) -> Result<Client, BoxError> {
    thread_local!(static LAST: LastClient = const { RefCell::new(None) });
    kept(&LAST, url, |settings| settings.retry_classifier(throttling::IsAnAnswer)).await
}

/// A client for `@connections`, and its URL.
type LastClient = RefCell<Option<(String, Client)>>;

/// The client for `@connections` at `url`, with further settings. The last client is kept: a function nearly always posts to one stage.
async fn kept(
    last: &'static LocalKey<LastClient>,
    url: &str,
    further: impl FnOnce(Settings) -> Settings,
) -> Result<Client, BoxError> {
    let kept =
        last.with_borrow(|last| last.as_ref().filter(|(known, _)| known == url).map(|(_, client)| client.clone()));
    if let Some(client) = kept {
        return Ok(client);
    }
    let client = Client::from_conf(further(settings(&config().await?, url)).build());
    last.set(Some((url.to_owned(), client.clone())));
    Ok(client)
}

/// A client for `@connections` that talks to a test. It makes one try of each call, and signs it with nobody's key.
#[cfg(feature = "testing")]
pub(crate) fn client_over(http: aws_smithy_runtime_api::client::http::SharedHttpClient) -> Client {
    use aws_sdk_apigatewaymanagement::config::{Config, Credentials, Region};

    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("eu-west-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url("http://test.invalid/prod")
        .retry_config(RetryConfig::disabled())
        .timeout_config(TimeoutConfig::disabled())
        .http_client(http);
    Client::from_conf(config.build())
}

/// The client for DynamoDB, at `AWS_ENDPOINT_URL_DYNAMODB` or else at the region's own endpoint.
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

/// The client for SQS, at `AWS_ENDPOINT_URL_SQS` or else at the region's own endpoint.
#[cfg(feature = "fan-out")]
pub(crate) async fn sqs() -> Result<aws_sdk_sqs::Client, BoxError> {
    use aws_sdk_sqs::Client;
    thread_local!(static CLIENT: OnceCell<Client> = const { OnceCell::new() });

    if let Some(client) = CLIENT.with(|client| client.get().cloned()) {
        return Ok(client);
    }
    let made = Client::new(&config().await?);
    Ok(CLIENT.with(|client| client.get_or_init(|| made).clone()))
}

#[cfg(test)]
mod tests {
    use super::connections;

    #[test]
    fn the_future_of_a_client_is_small() {
        assert!(size_of_val(&connections("https://example.com/prod")) < 256);
    }
}
