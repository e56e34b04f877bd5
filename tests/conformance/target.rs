//! What the table is run against: a gateway of its own, or the same template deployed elsewhere.

use std::time::Duration;

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_apigatewaymanagement::config::{Region, SharedCredentialsProvider};
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use serde_json::Value;
use websocket_gateway::{Clock, Gateway, Invocations};

use crate::support::{Keys, options_of_api, start, start_with_clock};

/// The pause before looking again for what a deployed probe has seen. Nothing tells a test when that changes.
const NEXT_LOOK: Duration = Duration::from_millis(500);

/// One API of the template, and the table that its probe keeps.
pub(crate) struct Target {
    pub(crate) url: String,
    pub(crate) clock: Clock,
    config: SdkConfig,
    table: String,
    local: Option<(Gateway, Invocations)>,
}

impl Target {
    /// A gateway that serves one API.
    pub(crate) async fn local(api: &str, manual_clock: bool) -> Self {
        let options = options_of_api("tests/conformance/template.yaml", api);
        let (gateway, clock) = match manual_clock {
            true => start_with_clock(options).await,
            false => (start(options).await, Clock::default()),
        };
        let http = aws_smithy_http_client::Builder::new().build_http();
        let config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(SharedCredentialsProvider::new(Keys::of_a_user().credentials()))
            .http_client(http)
            .build();
        let dynamodb_url = gateway.dynamodb_url().to_owned();
        let config = config.into_builder().endpoint_url(dynamodb_url).build();
        let [table] =
            <[_; 1]>::try_from(dynamodb(&config).list_tables().send().await.unwrap().table_names.unwrap()).unwrap();
        let invocations = gateway.invocations();
        Self { url: gateway.url(), clock, config, table, local: Some((gateway, invocations)) }
    }

    /// An API that is deployed: `WS_CONFORMANCE_URL` is the address of the main one, `WS_CONFORMANCE_URL_BARE` that of `Bare`, and so on.
    /// `Err` names the variable that is missing.
    pub(crate) async fn remote(api: &str) -> Result<Self, String> {
        let suffix = if api == "Api" { String::new() } else { format!("_{}", api.to_uppercase()) };
        let variable = |name: String| std::env::var(&name).map_err(|_| format!("{name} is not set"));
        let url = variable(format!("WS_CONFORMANCE_URL{suffix}"))?;
        let table = variable("WS_CONFORMANCE_TABLE".to_owned())?;
        let http =
            aws_smithy_http_client::Builder::new().tls_provider(Provider::rustls(CryptoMode::Ring)).build_https();
        let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
        Ok(Self { url, clock: Clock::default(), config, table, local: None })
    }

    pub(crate) async fn stop(self) {
        if let Some((gateway, _)) = self.local {
            gateway.stop().await;
        }
    }

    /// The host that a client names: with its port if it has one of its own.
    pub(crate) fn host(&self) -> &str {
        let (_, rest) = self.url.split_once("://").unwrap();
        rest.split('/').next().unwrap()
    }

    /// `http://host`, or `https://host`.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.url.starts_with("wss:") { "https" } else { "http" };
        format!("{scheme}://{}", self.host())
    }

    /// A client of `@connections`, without retries: what is answered is what is seen.
    pub(crate) fn connections(&self) -> aws_sdk_apigatewaymanagement::Client {
        use aws_sdk_apigatewaymanagement::config::{Builder, retry::RetryConfig};
        let stage = self.url.rsplit('/').next().unwrap();
        let endpoint = format!("{}/{stage}", self.origin());
        let mut config = Builder::from(&self.config).endpoint_url(endpoint).retry_config(RetryConfig::disabled());
        if self.local.is_some() {
            // The gateway does not know a user's own credentials.
            config = config.credentials_provider(Keys::shared().credentials());
        }
        aws_sdk_apigatewaymanagement::Client::from_conf(config.build())
    }

    /// What the probe has kept about a connection.
    pub(crate) async fn kept(&self, connection_id: &str, item: &str) -> Option<Value> {
        let key = |text: &str| AttributeValue::S(text.to_owned());
        let get = dynamodb(&self.config).get_item().table_name(&self.table).consistent_read(true);
        let got = get.key("connectionId", key(connection_id)).key("item", key(item)).send().await.unwrap();
        Some(serde_json::from_str(got.item?["json"].as_s().unwrap()).unwrap())
    }

    /// Waits until it has kept it.
    pub(crate) async fn wait_for(&mut self, connection_id: &str, item: &str) -> Value {
        loop {
            if let Some(seen) = self.kept(connection_id, item).await {
                return seen;
            }
            self.something_happened().await;
        }
    }

    /// Forgets which invocations have ended.
    pub(crate) fn begin(&mut self) {
        if let Some((gateway, invocations)) = &mut self.local {
            *invocations = gateway.invocations();
        }
    }

    /// Waits until an invocation of a route has ended.
    pub(crate) async fn ended(&mut self, route_key: &str) {
        match &mut self.local {
            Some((_, invocations)) => {
                invocations.next_of(route_key).await.unwrap();
            }
            None => tokio::time::sleep(NEXT_LOOK).await,
        }
    }

    /// Waits until the probe may have seen more.
    pub(crate) async fn something_happened(&mut self) {
        match &mut self.local {
            Some((_, invocations)) => drop(invocations.next().await),
            None => tokio::time::sleep(NEXT_LOOK).await,
        }
    }
}

fn dynamodb(config: &SdkConfig) -> aws_sdk_dynamodb::Client {
    aws_sdk_dynamodb::Client::new(config)
}
