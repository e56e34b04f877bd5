//! Does what a row of the conformance table orders, and reports the events that it saw: a MESSAGE event as its reply, the others through
//! a table.
//!
//! Orders are a list, in a message's `do` or, for `$connect`, in the query string's; without any the event is the reply. It speaks to
//! AWS with the plain SDK, so that nothing of this project stands between API Gateway and what is reported.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};

/// How long the table keeps what was seen.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// How soon to look into the table again. Only [`Order::Await`] does.
const NEXT_LOOK: Duration = Duration::from_millis(20);

/// Under which the table keeps what `$disconnect` is to do.
const ORDERS: &str = "ORDERS";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Order {
    /// Answers this, whatever it is; nothing after it is done.
    Answer(Value),
    /// Replies with how many bytes the message has.
    Measure,
    /// Replies with how many events this process has served, this one included.
    Count,
    Fail,
    Panic,
    Exit,
    /// In milliseconds.
    Sleep(u64),
    /// Posts a text to the own connection, and keeps the status in the table.
    Post(String),
    /// Prints these bytes, which need not be UTF-8.
    Print(Vec<u8>),
    /// Leaves orders in the table for this connection's `$disconnect`.
    OnDisconnect(Value),
    /// Leaves a note in the table.
    Note(String),
    /// Waits until somebody has left that note.
    Await(String),
}

struct Probe {
    dynamodb: aws_sdk_dynamodb::Client,
    connections: aws_sdk_apigatewaymanagement::Client,
    table: String,
    served: AtomicU32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = config().await;
    let probe = Probe {
        dynamodb: aws_sdk_dynamodb::Client::new(&config),
        connections: aws_sdk_apigatewaymanagement::Client::new(&config),
        table: std::env::var("TABLE_NAME")?,
        served: AtomicU32::new(0),
    };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| probe.serve(event.payload).await)).await
}

async fn config() -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await
}

impl Probe {
    async fn serve(&self, event: Value) -> Result<Value, Error> {
        self.served.fetch_add(1, Ordering::Relaxed);
        let kind = event["requestContext"]["eventType"].as_str().unwrap_or_default();
        let connection_id = event["requestContext"]["connectionId"].as_str().unwrap_or_default();
        if kind != "MESSAGE" {
            self.keep(connection_id, kind, &event).await?;
            // Of a handshake that is refused nobody outside knows the id.
            if let Some(tag) = event["queryStringParameters"]["tag"].as_str() {
                self.keep(tag, kind, &event).await?;
            }
        }
        let left = if kind == "DISCONNECT" { self.kept(connection_id, ORDERS).await? } else { None };
        for order in orders(&event, left)? {
            if let Some(answer) = self.obey(order, connection_id, &event).await? {
                return Ok(answer);
            }
        }
        Ok(reply(&event.to_string()))
    }

    async fn obey(&self, order: Order, connection_id: &str, event: &Value) -> Result<Option<Value>, Error> {
        match order {
            Order::Answer(answer) => return Ok(Some(answer)),
            Order::Measure => return Ok(Some(reply(&event["body"].as_str().map_or(0, str::len).to_string()))),
            Order::Count => return Ok(Some(reply(&self.served.load(Ordering::Relaxed).to_string()))),
            Order::Fail => return Err("as told".into()),
            #[expect(clippy::panic, reason = "that is the order")]
            Order::Panic => panic!("as told"),
            Order::Exit => std::process::exit(3),
            Order::Sleep(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Order::Post(text) => {
                let status = self.post(connection_id, text).await;
                self.keep(connection_id, "POSTED", &json!(status)).await?;
            }
            Order::Print(bytes) => std::io::Write::write_all(&mut std::io::stdout(), &bytes)?,
            Order::OnDisconnect(orders) => self.keep(connection_id, ORDERS, &orders).await?,
            Order::Note(note) => self.keep(connection_id, &note, &Value::Null).await?,
            Order::Await(note) => {
                while self.kept(connection_id, &note).await?.is_none() {
                    tokio::time::sleep(NEXT_LOOK).await;
                }
            }
        }
        Ok(None)
    }

    /// The status that `@connections` answers.
    async fn post(&self, connection_id: &str, text: String) -> Option<u16> {
        let posted = self.connections.post_to_connection().connection_id(connection_id).data(Blob::new(text)).send();
        match posted.await {
            Ok(_) => Some(200),
            Err(error) => error.raw_response().map(|response| response.status().as_u16()),
        }
    }

    async fn keep(&self, connection_id: &str, item: &str, value: &Value) -> Result<(), Error> {
        let expires_at = (SystemTime::now().duration_since(UNIX_EPOCH)? + KEPT).as_secs();
        self.dynamodb
            .put_item()
            .table_name(&self.table)
            .item("connectionId", AttributeValue::S(connection_id.to_owned()))
            .item("item", AttributeValue::S(item.to_owned()))
            .item("json", AttributeValue::S(value.to_string()))
            .item("expiresAt", AttributeValue::N(expires_at.to_string()))
            .send()
            .await?;
        Ok(())
    }

    async fn kept(&self, connection_id: &str, item: &str) -> Result<Option<Value>, Error> {
        let key = |text: &str| AttributeValue::S(text.to_owned());
        let get = self.dynamodb.get_item().table_name(&self.table).consistent_read(true);
        let got = get.key("connectionId", key(connection_id)).key("item", key(item)).send().await?;
        let json = got.item.as_ref().and_then(|item| item.get("json")?.as_s().ok());
        Ok(json.map(|json| serde_json::from_str(json)).transpose()?)
    }
}

fn orders(event: &Value, left: Option<Value>) -> Result<Vec<Order>, Error> {
    if let Some(orders) = left {
        return Ok(Vec::deserialize(orders)?);
    }
    if let Some(orders) = event["queryStringParameters"]["do"].as_str() {
        return Ok(serde_json::from_str(orders)?);
    }
    let message: Value = event["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    message.get("do").map_or(Ok(Vec::new()), |orders| Ok(Vec::deserialize(orders)?))
}

fn reply(body: &str) -> Value {
    json!({ "statusCode": 200, "body": body })
}
