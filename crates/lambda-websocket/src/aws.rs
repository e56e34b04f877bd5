//! The one place that configures SDK clients: roots of trust, retries, time limits. Everything is made at its first use, so that a
//! function that never calls AWS neither pays for a client nor links one.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, SdkConfig};
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use tokio::sync::OnceCell;

/// The roots that AWS's endpoints chain to. Reading all of a system's roots instead is most of an SDK's cold start.
const AMAZON_ROOTS: &[u8] = include_bytes!("aws/amazon-roots.pem");

/// A client that waits longer than this has mostly given up: API Gateway itself waits 29 s, and a person less.
const OPERATION: Duration = Duration::from_secs(6);
const ATTEMPT: Duration = Duration::from_secs(3);
const CONNECT: Duration = Duration::from_secs(1);

static CONFIG: OnceCell<SdkConfig> = OnceCell::const_new();

async fn config() -> &'static SdkConfig {
    CONFIG
        .get_or_init(|| async {
            aws_config::defaults(BehaviorVersion::latest())
                .http_client(
                    Builder::new()
                        .tls_provider(Provider::rustls(CryptoMode::Ring))
                        .tls_context(tls_context())
                        .build_https(),
                )
                .retry_config(
                    RetryConfig::standard()
                        .with_max_attempts(3)
                        .with_initial_backoff(Duration::from_millis(50))
                        .with_max_backoff(Duration::from_millis(500)),
                )
                .timeout_config(
                    TimeoutConfig::builder()
                        .connect_timeout(CONNECT)
                        .operation_attempt_timeout(ATTEMPT)
                        .operation_timeout(OPERATION)
                        .build(),
                )
                .load()
                .await
        })
        .await
}

/// `AWS_CA_BUNDLE` names a file of roots to trust instead, for a proxy or a private endpoint, as in every other AWS SDK.
fn tls_context() -> TlsContext {
    let context = |roots: Vec<u8>| {
        TlsContext::builder().with_trust_store(TrustStore::empty().with_pem_certificate(roots)).build()
    };
    let bundle = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty());
    let chosen = bundle.and_then(|path| match std::fs::read(&path) {
        Ok(pem) => Some(pem),
        Err(error) => {
            tracing::error!("AWS_CA_BUNDLE {}: {error}: trusting Amazon's roots only", path.display());
            None
        }
    });
    context(chosen.unwrap_or_else(|| AMAZON_ROOTS.to_vec())).unwrap_or_else(|error| {
        tracing::error!("the roots of trust can't be read: {error}: trusting the system's");
        TlsContext::default()
    })
}

/// The client for `@connections` at `url`. The last one is kept: an API calls from one stage, mostly.
pub(crate) async fn connections(url: &str) -> aws_sdk_apigatewaymanagement::Client {
    use aws_sdk_apigatewaymanagement::{Client, config::Builder};
    static LAST: Mutex<Option<(String, Client)>> = Mutex::new(None);

    let config = config().await;
    let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
    match &*last {
        Some((known, client)) if known == url => client.clone(),
        _ => {
            let client = Client::from_conf(Builder::from(config).endpoint_url(url).build());
            *last = Some((url.to_owned(), client.clone()));
            client
        }
    }
}

/// The client for DynamoDB; `AWS_ENDPOINT_URL_DYNAMODB` says where, if it is not the region's own.
#[cfg(feature = "dynamodb")]
pub(crate) async fn dynamodb() -> &'static aws_sdk_dynamodb::Client {
    static CLIENT: OnceCell<aws_sdk_dynamodb::Client> = OnceCell::const_new();
    CLIENT.get_or_init(|| async { aws_sdk_dynamodb::Client::new(config().await) }).await
}
