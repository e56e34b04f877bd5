//! `sendmessage` written by hand: the raw calls of the SDK in a loop, with as many of them under way at once. It is the baseline of a
//! broadcast.

use std::collections::HashMap;

use aws_config::BehaviorVersion;
use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use aws_sdk_apigatewaymanagement::Client as Connections;
use aws_sdk_apigatewaymanagement::config::Builder;
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_dynamodb::Client as Dynamodb;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use futures_util::{StreamExt, stream};
use lambda_runtime::{Error, LambdaEvent, service_fn, tracing};
use serde_json::{Value, json};

/// How many posts are under way at once, unless the environment has another `IN_FLIGHT`.
const IN_FLIGHT: usize = 64;

#[derive(serde::Deserialize)]
struct SendMessage {
    data: Value,
}

struct Clients {
    dynamodb: Dynamodb,
    connections: Connections,
    table: String,
    in_flight: usize,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    tracing::init_default_subscriber();
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https();
    let config = aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await;
    let endpoint = std::env::var("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI")?;
    let clients = Clients {
        dynamodb: Dynamodb::new(&config),
        connections: Connections::from_conf(Builder::from(&config).endpoint_url(endpoint).build()),
        table: std::env::var("TABLE_NAME")?,
        in_flight: std::env::var("IN_FLIGHT").map_or(Ok(IN_FLIGHT), |number| number.parse())?,
    };
    lambda_runtime::run(service_fn(async |event| clients.send_message(event).await)).await
}

impl Clients {
    async fn send_message(&self, event: LambdaEvent<ApiGatewayWebsocketProxyRequest>) -> Result<Value, Error> {
        let event = event.payload;
        let caller = event.request_context.connection_id.ok_or("no connection id")?;
        let message: SendMessage = serde_json::from_str(&event.body.ok_or("no body")?)?;
        let text = message.data.as_str().map_or_else(|| message.data.to_string(), str::to_owned);
        let Some(channel) = self.channel_of(caller).await? else {
            return Ok(json!({ "statusCode": 403 }));
        };
        let mut pages = self
            .dynamodb
            .query()
            .table_name(&self.table)
            .index_name("channel")
            .key_condition_expression("channel = :channel")
            .expression_attribute_values(":channel", channel)
            .projection_expression("connectionId")
            .into_paginator()
            .send();
        while let Some(page) = pages.next().await {
            let rows = page?.items.unwrap_or_default();
            let ids: Vec<String> = rows.into_iter().filter_map(connection_id).collect();
            stream::iter(ids).for_each_concurrent(self.in_flight, async |id| self.post(id, &text).await).await;
        }
        Ok(json!({ "statusCode": 200 }))
    }

    async fn channel_of(&self, id: String) -> Result<Option<AttributeValue>, Error> {
        let found = self.dynamodb.get_item().table_name(&self.table).set_key(Some(key(id))).send().await?;
        Ok(found.item.and_then(|mut row| row.remove("channel")))
    }

    async fn post(&self, id: String, text: &str) {
        let post = self.connections.post_to_connection().connection_id(&id).data(Blob::new(text)).send();
        let Err(error) = post.await else { return };
        if error.as_service_error().is_some_and(|error| error.is_gone_exception()) {
            let removed = self.dynamodb.delete_item().table_name(&self.table).set_key(Some(key(id))).send().await;
            if removed.is_ok() {
                return;
            }
        }
        tracing::warn!("not sent: {error}");
    }
}

/// The key of the row that `$connect` writes.
fn key(id: String) -> HashMap<String, AttributeValue> {
    let entry = AttributeValue::S("$connect".to_owned());
    HashMap::from([("connectionId".to_owned(), AttributeValue::S(id)), ("entry".to_owned(), entry)])
}

fn connection_id(mut row: HashMap<String, AttributeValue>) -> Option<String> {
    match row.remove("connectionId") {
        Some(AttributeValue::S(id)) => Some(id),
        _ => None,
    }
}
