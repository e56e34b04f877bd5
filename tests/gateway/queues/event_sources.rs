//! Functions that are invoked with the messages of a queue.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use websocket_gateway::{Gateway, Happenings, Level, What};

use super::{Queue, TEMPLATE, batch};
use crate::support::{Client, Gate, START_MS, in_time, options, start, start_with_clock};

fn records(event: &[u8]) -> Vec<Value> {
    let mut event: Value = serde_json::from_slice(event).unwrap();
    serde_json::from_value(event["Records"].take()).unwrap()
}

#[tokio::test]
async fn a_clients_message_goes_through_a_queue_to_another_function() {
    let (gateway, _clock) = start_with_clock(options(TEMPLATE)).await;
    let mut happenings = gateway.happenings(Level::Detail);
    let mut client = Client::connect(&gateway, "").await;
    client.send(r#"{"do":{"enqueue":"for the worker"}}"#).await;
    let id = client.hear().await;

    let queued = in_time("the message", next_of_the_queue(&mut happenings)).await;
    assert_eq!(queued, ("templates-Jobs".to_owned(), Some("Sender".to_owned()), "for the worker".to_owned()));
    let batch = batch(&mut happenings, "Worker").await;
    assert_eq!((batch.messages, batch.failed.len(), batch.error), (1, 0, None));
    let [mut record] = <[Value; 1]>::try_from(records(&batch.event)).unwrap();
    let handle = record["receiptHandle"].take();
    assert!(!handle.as_str().unwrap().is_empty());
    let sender = record["attributes"]["SenderId"].take();
    assert!(sender.as_str().unwrap().ends_with(":templates-Sender"), "{sender}");
    let expected = json!({
        "messageId": id,
        "receiptHandle": null,
        "body": "for the worker",
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": START_MS.to_string(),
            "SenderId": null,
            "ApproximateFirstReceiveTimestamp": START_MS.to_string(),
        },
        "messageAttributes": {},
        "md5OfBody": "2200b3f16ec3c03e42fe41f60874bb1a",
        "eventSource": "aws:sqs",
        "eventSourceARN": "arn:aws:sqs:us-east-1:123456789012:templates-Jobs",
        "awsRegion": "us-east-1",
    });
    assert_eq!(record, expected);
    assert_eq!(Queue::named(&gateway, "templates-Jobs").await.counts().await, ["0", "0"]);
    gateway.stop().await;
}

/// The next message that is put into a queue: the queue, the sender and the body.
async fn next_of_the_queue(happenings: &mut Happenings) -> (String, Option<String>, String) {
    loop {
        let happening = happenings.next().await.unwrap();
        if let What::Queued { queue, function, message, .. } = &happening.what {
            return (queue.clone(), function.clone(), String::from_utf8_lossy(message).into_owned());
        }
    }
}

/// The ids of a batch's records.
fn ids(event: &[u8]) -> BTreeSet<String> {
    records(event).iter().map(|record| record["messageId"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_reported_as_failed_comes_again_and_then_goes_to_the_dead_letter_queue() {
    let (gateway, clock) = start_with_clock(options(TEMPLATE)).await;
    let mut happenings = gateway.happenings(Level::Info);
    let jobs = Queue::named(&gateway, "templates-Jobs").await;
    let entry = |id: &str, body: Value| {
        let entry = aws_sdk_sqs::types::SendMessageBatchRequestEntry::builder().id(id).message_body(body.to_string());
        entry.build().unwrap()
    };
    // In one request, so that they are in one event.
    let sent = jobs.sqs.send_message_batch().queue_url(&jobs.url);
    let sent = sent.entries(entry("good", json!({ "do": "fail-marked" })));
    let sent = sent.entries(entry("bad", json!({ "do": "fail-marked", "fail": true }))).send().await.unwrap();
    let id = |name: &str| sent.successful().iter().find(|sent| sent.id() == name).unwrap().message_id().to_owned();

    let first = batch(&mut happenings, "Worker").await;
    assert_eq!(ids(&first.event), [id("good"), id("bad")].into());
    assert_eq!((first.failed, first.error), (vec![id("bad")], None));
    assert_eq!(jobs.counts().await, ["0", "1"]);
    clock.advance(Duration::from_secs(120));
    let second = batch(&mut happenings, "Worker").await;
    assert_eq!((ids(&second.event), second.failed), ([id("bad")].into(), vec![id("bad")]));
    clock.advance(Duration::from_secs(120));
    let moved = async {
        loop {
            if let What::DeadLettered { message_id, receives, .. } = &happenings.next().await.unwrap().what {
                return (message_id.clone(), *receives);
            }
        }
    };
    assert_eq!(in_time("the move", moved).await, (id("bad"), 2));
    let dead = Queue::named(&gateway, "templates-Dead").await.bodies().await;
    assert_eq!(dead, [json!({ "do": "fail-marked", "fail": true }).to_string()]);
    gateway.stop().await;
}

#[tokio::test]
async fn a_batch_whose_function_fails_comes_again_as_a_whole() {
    let (gateway, clock) = start_with_clock(options(TEMPLATE)).await;
    let mut happenings = gateway.happenings(Level::Info);
    let jobs = Queue::named(&gateway, "templates-Jobs").await;
    let id = jobs.send(r#"{"do":"fail"}"#).await;
    for receives in ["1", "2"] {
        let batch = batch(&mut happenings, "Worker").await;
        assert_eq!(batch.failed, std::slice::from_ref(&id));
        assert!(batch.error.unwrap().contains("as told"));
        assert_eq!(records(&batch.event)[0]["attributes"]["ApproximateReceiveCount"], receives);
        clock.advance(Duration::from_secs(120));
    }
    // An answer that names a message of no batch fails all as well.
    let rubbish = json!({ "do": { "answer": { "batchItemFailures": [{ "itemIdentifier": "x" }] } } });
    let id = jobs.send(&rubbish.to_string()).await;
    let batch = batch(&mut happenings, "Worker").await;
    assert_eq!(batch.failed, [id]);
    assert!(batch.error.unwrap().contains("itemIdentifier"));
    gateway.stop().await;
}

#[tokio::test]
async fn only_so_many_events_are_in_progress() {
    let gateway = start(options(TEMPLATE)).await;
    let mut happenings = gateway.happenings(Level::Info);
    let (gate, jobs) = (Gate::new().await, Queue::named(&gateway, "templates-SlowJobs").await);
    for _ in 0..3 {
        jobs.send(&gate.message()).await;
    }
    let visitors = [gate.visitor().await, gate.visitor().await];
    assert_eq!(jobs.counts().await, ["1", "2"]);
    drop(visitors);
    drop(gate.visitor().await);
    for _ in 0..3 {
        assert_eq!(batch(&mut happenings, "Slow").await.messages, 1);
    }
    assert_eq!(jobs.counts().await, ["0", "0"]);
    gateway.stop().await;
}

#[tokio::test]
async fn messages_are_collected_until_the_batching_window_is_over() {
    let (gateway, clock) = start_with_clock(options(TEMPLATE)).await;
    let mut happenings = gateway.happenings(Level::Info);
    let jobs = Queue::named(&gateway, "templates-ManyJobs").await;
    for n in 0..13 {
        jobs.send(&n.to_string()).await;
    }
    in_time("all to be received", async { while jobs.counts().await != ["0", "13"] {} }).await;
    clock.advance(Duration::from_secs(10));
    assert_eq!(batch(&mut happenings, "Collector").await.messages, 13);
    gateway.stop().await;
}

#[tokio::test]
async fn who_waits_for_a_message_is_answered_when_the_gateway_stops() {
    let gateway = start(options(TEMPLATE)).await;
    let shelf = Queue::named(&gateway, "shelf").await;
    let waiting = shelf.sqs.receive_message().queue_url(&shelf.url).wait_time_seconds(20).send();
    let waiting = tokio::spawn(waiting);
    // It has been received by the gateway when a later call is answered.
    shelf.counts().await;
    let stop = async |gateway: Gateway| gateway.stop().await;
    in_time("the stop", stop(gateway)).await;
    // It may also have come too late.
    if let Ok(answer) = in_time("the answer", waiting).await.unwrap() {
        assert_eq!(answer.messages(), []);
    }
}
