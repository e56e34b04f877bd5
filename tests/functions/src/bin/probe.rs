//! A function that follows orders, sensible and harmful. It can be a route, an authorizer, or both, and it can get the messages of a queue.
//!
//! Orders stand as JSON in a message's `do`, or in the parameter `do` of the query string: a list, or a single order. In the query string a
//! single word needs no quotes. A queue's messages have them as a client's do. Without an order that answers, the event is the answer's body.
//!
//! If `TABLE_NAME` is set, it keeps every event but MESSAGE in that table, since no client receives the answers to these. It calls AWS with
//! the plain SDK, so that nothing of this project stands between API Gateway and what the table shows.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_config::{BehaviorVersion, SdkConfig};
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_sqs::error::ProvideErrorMetadata;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;

/// How long the table keeps an event.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// The pause between two looks into the table. Only [`Order::Await`] looks more than once.
const NEXT_LOOK: Duration = Duration::from_millis(20);

/// The item of the table that holds the orders for `$disconnect`.
const ORDERS: &str = "ORDERS";

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
enum Order {
    /// Answers with this value, unchanged. This and the other orders that answer are the last that are carried out.
    Answer(Value),
    /// Answers with the length of the message in bytes.
    Measure,
    /// Answers with the number of events that this process has served, including this one.
    Count,
    /// Answers with the id of this process.
    Pid,
    /// Answers with the credentials of this process.
    Keys,
    /// Answers with these variables of its environment, those that are set.
    Variables(Vec<String>),
    /// Answers with a body of this many bytes.
    Long(usize),
    /// Answers with this text, followed by this many bytes.
    Fill(String, usize),
    /// As an authorizer, allows the connection, with its event in the context. Routes skip this and the next two.
    Allow,
    /// As an authorizer, allows the connection with a context of this many bytes and a few more.
    AllowWith(usize),
    /// As an authorizer, answers with this value, unchanged.
    Decide(Value),
    Fail,
    /// Fails with this message.
    FailWith(String),
    Panic,
    Exit,
    /// Waits, in milliseconds.
    Sleep(u64),
    /// Connects to this address, and waits until the other side hangs up.
    Meet(String),
    /// Posts a text to its own connection, and keeps the status in the table.
    Post(String),
    /// Puts this text into the queue that `QUEUE_URL` names, and answers with the message's id or with the name of the error.
    Enqueue(String),
    /// Answers with the ids of those messages of a queue whose body has a `fail`.
    FailMarked,
    /// Prints these bytes, which need not be UTF-8.
    Print(Vec<u8>),
    /// Prints this many lines.
    PrintLines(usize),
    /// Adds this line to the file that `JOURNAL` names.
    Journal(String),
    /// Leaves orders in the table for this connection's `$disconnect`.
    OnDisconnect(Value),
    /// Leaves a note in the table.
    Note(String),
    /// Waits until another invocation for this connection has left that note.
    Await(String),
}

#[derive(Default)]
struct Probe {
    served: AtomicU32,
    aws: OnceCell<Aws>,
}

struct Aws {
    dynamodb: aws_sdk_dynamodb::Client,
    connections: aws_sdk_apigatewaymanagement::Client,
    table: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let probe = Probe::default();
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| probe.serve(event.payload).await)).await
}

impl Probe {
    async fn serve(&self, event: Value) -> Result<Value, Error> {
        self.served.fetch_add(1, Ordering::Relaxed);
        let kind = event["requestContext"]["eventType"].as_str().unwrap_or_default();
        let connection_id = event["requestContext"]["connectionId"].as_str().unwrap_or_default();
        let mut left = None;
        if kind != "MESSAGE" && std::env::var_os("TABLE_NAME").is_some() {
            let aws = self.aws().await?;
            aws.keep(connection_id, kind, &event).await?;
            // A client that is refused does not learn its connection id.
            if let Some(tag) = event["queryStringParameters"]["tag"].as_str() {
                aws.keep(tag, kind, &event).await?;
            }
            if kind == "DISCONNECT" {
                left = aws.kept(connection_id, ORDERS).await?;
            }
        }
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
            Order::Pid => return Ok(Some(reply(&std::process::id().to_string()))),
            Order::Keys => {
                let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
                return Ok(Some(reply(&json!(names.map(|name| std::env::var(name).unwrap_or_default())).to_string())));
            }
            Order::Variables(names) => {
                let set = names.into_iter().filter_map(|name| Some((name.clone(), std::env::var(name).ok()?.into())));
                return Ok(Some(reply(&Value::Object(set.collect()).to_string())));
            }
            Order::Long(bytes) => return Ok(Some(reply(&"x".repeat(bytes)))),
            Order::Fill(text, bytes) => return Ok(Some(reply(&(text + &"x".repeat(bytes))))),
            Order::Allow | Order::AllowWith(_) | Order::Decide(_) if event["type"] != "REQUEST" => {}
            Order::Allow => {
                return Ok(Some(allow(event, &json!({ "asked": event.to_string(), "level": 3, "admin": true }))));
            }
            Order::AllowWith(bytes) => return Ok(Some(allow(event, &json!({ "fill": "x".repeat(bytes) })))),
            Order::Decide(answer) => return Ok(Some(answer)),
            Order::Fail => return Err("as told".into()),
            Order::FailWith(message) => return Err(message.into()),
            #[expect(clippy::panic, reason = "that is the order")]
            Order::Panic => panic!("as told"),
            Order::Exit => std::process::exit(3),
            Order::Sleep(ms) => tokio::time::sleep(Duration::from_millis(ms)).await,
            Order::Meet(address) => {
                TcpStream::connect(address).await?.read_to_end(&mut Vec::new()).await?;
            }
            Order::Post(text) => {
                let aws = self.aws().await?;
                let status = aws.post(connection_id, text).await;
                aws.keep(connection_id, "POSTED", &json!(status)).await?;
            }
            Order::Enqueue(text) => return Ok(Some(reply(&enqueue(text).await?))),
            Order::FailMarked => return Ok(Some(failures(event))),
            Order::Print(bytes) => std::io::Write::write_all(&mut std::io::stdout(), &bytes)?,
            Order::PrintLines(lines) => {
                let line = "a line that says nothing, and is as long as lines of a log are\n";
                std::io::Write::write_all(&mut std::io::stdout(), line.repeat(lines).as_bytes())?;
            }
            Order::Journal(line) => {
                // One write to the end of the file, so that lines of several processes don't mix.
                let mut journal =
                    std::fs::OpenOptions::new().append(true).create(true).open(std::env::var("JOURNAL")?)?;
                std::io::Write::write_all(&mut journal, format!("{line}\n").as_bytes())?;
            }
            Order::OnDisconnect(orders) => self.aws().await?.keep(connection_id, ORDERS, &orders).await?,
            Order::Note(note) => self.aws().await?.keep(connection_id, &note, &Value::Null).await?,
            Order::Await(note) => {
                let aws = self.aws().await?;
                while aws.kept(connection_id, &note).await?.is_none() {
                    tokio::time::sleep(NEXT_LOOK).await;
                }
            }
        }
        Ok(None)
    }

    async fn aws(&self) -> Result<&Aws, Error> {
        self.aws.get_or_try_init(Aws::from_env).await
    }
}

impl Aws {
    async fn from_env() -> Result<Self, Error> {
        let config = config().await;
        Ok(Self {
            dynamodb: aws_sdk_dynamodb::Client::new(&config),
            connections: aws_sdk_apigatewaymanagement::Client::new(&config),
            table: std::env::var("TABLE_NAME")?,
        })
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

async fn config() -> SdkConfig {
    let http = aws_smithy_http_client::Builder::new().tls_provider(Provider::rustls(CryptoMode::Ring)).build_https();
    aws_config::defaults(BehaviorVersion::latest()).http_client(http).load().await
}

async fn enqueue(text: String) -> Result<String, Error> {
    let sqs = aws_sdk_sqs::Client::new(&config().await);
    let sent = sqs.send_message().queue_url(std::env::var("QUEUE_URL")?).message_body(text).send().await;
    Ok(match sent {
        Ok(sent) => sent.message_id.unwrap_or_default(),
        Err(error) => error.code().unwrap_or_default().to_owned(),
    })
}

/// What a function answers whose messages have failed in part.
fn failures(event: &Value) -> Value {
    let marked = records(event).filter(|record| body_of(record).is_some_and(|body| body.get("fail").is_some()));
    let failures: Vec<_> = marked.map(|record| json!({ "itemIdentifier": record["messageId"] })).collect();
    json!({ "batchItemFailures": failures })
}

fn records(event: &Value) -> impl Iterator<Item = &Value> {
    event["Records"].as_array().into_iter().flatten()
}

fn body_of(message: &Value) -> Option<Value> {
    serde_json::from_str(message["body"].as_str()?).ok()
}

/// The orders that were left in the table, or those of the query string, or those of the message or of the first of a queue's messages that has any.
fn orders(event: &Value, left: Option<Value>) -> Result<Vec<Order>, Error> {
    let in_query = || {
        let text = event["queryStringParameters"]["do"].as_str()?;
        Some(serde_json::from_str(text).unwrap_or_else(|_| text.into()))
    };
    let in_message = || body_of(event)?.get("do").cloned();
    let in_record = || records(event).find_map(|record| body_of(record)?.get("do").cloned());
    match left.or_else(in_query).or_else(in_message).or_else(in_record) {
        None => Ok(Vec::new()),
        Some(orders @ Value::Array(_)) => Ok(serde_json::from_value(orders)?),
        Some(order) => Ok(vec![serde_json::from_value(order)?]),
    }
}

fn reply(body: &str) -> Value {
    json!({ "statusCode": 200, "body": body })
}

/// An authorizer's answer.
fn allow(event: &Value, context: &Value) -> Value {
    let statement = json!({ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"] });
    let policy = json!({ "Version": "2012-10-17", "Statement": [statement] });
    json!({ "principalId": "user-1", "policyDocument": policy, "context": context })
}
