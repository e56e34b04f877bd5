//! A function that does as it is told, well or badly: a message's `do` says what, or a handshake's. It can be an authorizer too.

use std::process::exit;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    lambda_runtime::run(service_fn(obey)).await
}

/// An authorizer's answer, with what it was asked in it.
fn allow(event: &Value) -> Value {
    let statement = json!({ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": event["methodArn"] });
    json!({
        "principalId": "user-1",
        "policyDocument": { "Version": "2012-10-17", "Statement": [statement] },
        "context": { "asked": event.to_string(), "level": 3, "admin": true },
    })
}

async fn obey(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let event = event.payload;
    let order: Value = event["body"].as_str().and_then(|body| serde_json::from_str(body).ok()).unwrap_or_default();
    match order["do"].as_str().or_else(|| event["queryStringParameters"]["do"].as_str()) {
        Some("exit") => exit(3),
        Some("fail") => Err("as told".into()),
        #[expect(clippy::panic, reason = "that is the order")]
        Some("panic") => panic!("as told"),
        // Tells the test that it is here, and stays until the test hangs up.
        Some("meet") => {
            let at = order["at"].as_str().or_else(|| event["queryStringParameters"]["at"].as_str());
            TcpStream::connect(at.unwrap_or_default()).await?.read_to_end(&mut Vec::new()).await?;
            Ok(json!({ "statusCode": 200, "body": std::process::id().to_string() }))
        }
        Some("long") => Ok(json!({ "statusCode": 200, "body": "x".repeat(128 * 1024 + 1) })),
        Some("pid") => Ok(json!({ "statusCode": 200, "body": std::process::id().to_string() })),
        // What the function answers, to the byte.
        Some("answer") => Ok(order["answer"].clone()),
        Some("allow") if event["type"] == "REQUEST" => Ok(allow(&event)),
        // The same for an authorizer.
        Some("say") if event["type"] == "REQUEST" => {
            Ok(serde_json::from_str(event["queryStringParameters"]["answer"].as_str().unwrap_or_default())?)
        }
        Some("unauthorized") => Err("Unauthorized".into()),
        // What it signs its calls with.
        Some("keys") => {
            let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
            let keys = names.map(|name| std::env::var(name).unwrap_or_default());
            Ok(json!({ "statusCode": 200, "body": json!(keys).to_string() }))
        }
        Some("refuse") => Ok(json!({ "statusCode": 418 })),
        Some("subprotocol") => Ok(json!({ "statusCode": 200, "headers": { "sec-websocket-protocol": "chat.v1" } })),
        // The event comes back, for the test to look at.
        _ => Ok(json!({ "statusCode": 200, "body": event.to_string() })),
    }
}
