use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, Credentials, Region};
use serde_json::{Value, json};
use websocket_gateway::Gateway;

use super::options;

/// Credentials as a function has them in its environment.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) session_token: Option<String>,
}

impl Keys {
    /// A user's own credentials, which a gateway does not know.
    pub(crate) fn of_a_user() -> Self {
        Self { id: "AKIAUSER000000000000".to_owned(), secret: "secret".to_owned(), session_token: None }
    }

    /// The credentials that `websocket-gateway env` prints for functions that are started elsewhere.
    pub(crate) fn shared() -> Self {
        let environment = websocket_gateway::environment(&options("template.yaml")).unwrap();
        let value = |name| environment[name].first().unwrap().clone();
        let [id, secret, session_token] =
            ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"].map(value);
        Self { id, secret, session_token: Some(session_token) }
    }

    /// The credentials of a function, which must be the probe.
    pub(crate) async fn of(gateway: &Gateway, function: &str) -> Self {
        let event = json!({ "queryStringParameters": { "do": "keys" } }).to_string();
        let answer = gateway.invoke(function, event).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer).unwrap();
        let keys: [String; 3] = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        let [id, secret, session_token] = keys;
        Self { id, secret, session_token: Some(session_token) }
    }

    /// A client of `@connections` that signs with them.
    pub(crate) fn management_api(&self, gateway: &Gateway) -> aws_sdk_apigatewaymanagement::Client {
        let config = aws_sdk_apigatewaymanagement::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(gateway.management_url())
            .region(Region::new("us-east-1"))
            .credentials_provider(self.credentials())
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        aws_sdk_apigatewaymanagement::Client::from_conf(config.build())
    }

    /// A client of the store that signs with them.
    pub(crate) fn dynamodb(&self, gateway: &Gateway) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(aws_sdk_dynamodb::config::BehaviorVersion::latest())
            .endpoint_url(gateway.dynamodb_url())
            .region(Region::new("us-east-1"))
            .credentials_provider(self.credentials())
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        aws_sdk_dynamodb::Client::from_conf(config.build())
    }

    /// A client of the queues that signs with them.
    pub(crate) fn sqs(&self, gateway: &Gateway) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::Config::builder()
            .behavior_version(aws_sdk_sqs::config::BehaviorVersion::latest())
            .endpoint_url(gateway.sqs_url())
            .region(Region::new("us-east-1"))
            .credentials_provider(self.credentials())
            .http_client(aws_smithy_http_client::Builder::new().build_http());
        aws_sdk_sqs::Client::from_conf(config.build())
    }

    pub(crate) fn credentials(&self) -> Credentials {
        Credentials::new(&self.id, &self.secret, self.session_token.clone(), None, "test")
    }
}
