//! The programs of the guides, in functions of their own behind a gateway.

use serde_json::{Value, json};
use websocket_gateway::{Gateway, Happenings, Level, What};

use crate::support::{Client, in_time, options, start};

async fn programs() -> Gateway {
    start(options("tests/templates/programs.yaml")).await
}

/// A client, and the id of its connection.
async fn client(gateway: &Gateway) -> (Client, String) {
    let mut client = Client::connect(gateway, "").await;
    client.send("who am I?").await;
    let id = serde_json::from_value(client.hear_json().await).unwrap();
    (client, id)
}

async fn invoke(gateway: &Gateway, function: &str, event: Value) -> Value {
    serde_json::from_slice(&gateway.invoke(function, event.to_string()).await.unwrap()).unwrap()
}

/// An event of an SQS queue, with messages `m0`, `m1` and so on.
fn batch(bodies: impl IntoIterator<Item = String>) -> Value {
    let records = bodies.into_iter().enumerate().map(|(n, body)| {
        json!({
            "messageId": format!("m{n}"), "receiptHandle": "AQEB", "body": body, "attributes": {}, "messageAttributes": {},
            "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:jobs", "awsRegion": "eu-west-1"
        })
    });
    json!({ "Records": records.collect::<Vec<_>>() })
}

#[tokio::test]
async fn a_queues_jobs_are_posted_and_only_those_come_back_that_may_yet_succeed() {
    let gateway = programs().await;
    let (mut client, id) = client(&gateway).await;
    let job = |connection: &str, result: Value| json!({ "connection": connection, "result": result }).to_string();
    let event = batch([
        job(&id, json!({ "rows": 3 })),
        job("../x", json!(1)),
        "not a job".to_owned(),
        job("L0SM9cOFvHcCIhw=", json!("for one who has left")),
        job(&id, json!("x".repeat(128 * 1024))),
        job(&id, json!(7)),
    ]);
    let answer = invoke(&gateway, "Notify", event).await;
    assert_eq!(answer, json!({ "batchItemFailures": [{ "itemIdentifier": "m4" }] }));
    assert_eq!(client.hear_json().await, json!({ "rows": 3 }));
    assert_eq!(client.hear_json().await, json!(7));
    gateway.stop().await;
}

#[tokio::test]
async fn an_http_request_is_posted_and_its_status_tells_what_became_of_it() {
    let gateway = programs().await;
    let (mut client, id) = client(&gateway).await;
    let push = async |id: &str, body: &str| {
        let event = json!({
            "version": "2.0", "routeKey": "POST /connections/{id}", "rawPath": format!("/connections/{id}"), "rawQueryString": "",
            "headers": { "content-type": "text/plain" }, "pathParameters": { "id": id },
            "requestContext": {
                "apiId": "api", "stage": "$default", "requestId": "r",
                "http": { "method": "POST", "path": format!("/connections/{id}"), "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1" }
            },
            "body": body, "isBase64Encoded": false
        });
        invoke(&gateway, "Push", event).await["statusCode"].clone()
    };
    assert_eq!(push(&id, "hello").await, 202);
    assert_eq!(client.hear().await, "hello");
    assert_eq!(push("L0SM9cOFvHcCIhw=", "hello").await, 410);
    assert_eq!(push("no id", "hello").await, 400);
    assert_eq!(push(&id, &"x".repeat(128 * 1024 + 1)).await, 413);
    gateway.stop().await;
}

#[tokio::test]
async fn one_binary_serves_clients_and_a_queue_and_flushes_also_when_its_instance_ends() {
    let gateway = programs().await;
    let mut log = gateway.happenings(Level::Info);
    let mut reports = gateway.happenings(Level::Info);
    // One process serves them all if it has asked again each time.
    let mut asked_again = async || {
        let report = async { while !matches!(reports.next().await.unwrap().what, What::Report { .. }) {} };
        in_time("a report", report).await;
    };
    let (mut client, id) = client(&gateway).await;
    asked_again().await;
    let event = batch([json!({ "connection": id, "text": "from the queue" }).to_string()]);
    assert_eq!(invoke(&gateway, "OwnMain", event).await, Value::Null);
    assert_eq!(client.hear().await, "from the queue");
    asked_again().await;
    // What can't be read is not taken for done.
    assert!(gateway.invoke("OwnMain", batch(["no job".to_owned()]).to_string()).await.is_err());
    asked_again().await;
    client.send("and now?").await;
    assert_eq!(client.hear_json().await, json!(id));
    gateway.stop().await;

    let lines = output(&mut log).await;
    let count = |text: &str| lines.iter().filter(|line| line.contains(text)).count();
    assert_eq!((count("served in "), count("flushed an event's spans")), (4, 4), "{lines:#?}");
    assert_eq!(count("flushed the last spans"), 1, "{lines:#?}");
}

/// What the functions have printed until the gateway stopped.
async fn output(log: &mut Happenings) -> Vec<String> {
    let mut lines = Vec::new();
    while let Some(happening) = log.next().await {
        if let What::Output { line, .. } = &happening.what {
            lines.push(line.clone());
        }
    }
    lines
}
