//! The worker of `broadcast`: called directly with messages of its queue, and behind the queue.

use serde_json::{Value, json};
use websocket_gateway::{Gateway, InvokeError};

use crate::support::{Client, START_MS, Table, example};

/// A message of the queue: this text for all of a channel.
pub(super) fn whole_channel(channel: &str, text: &str) -> Value {
    let to = json!({ "slice": { "from": "00000000", "to": "g" } });
    // In the year 2096.
    let announcement =
        json!({ "id": "a test", "channel": channel, "text": text, "expiresAtMs": 4_000_000_000_000_u64 });
    json!({ "announcement": announcement, "to": to, "round": 0 })
}

/// Gives messages of the queue to the worker, and returns which of them the queue is to deliver again.
pub(super) async fn work(gateway: &Gateway, messages: &[String]) -> Result<Vec<String>, InvokeError> {
    let records = messages.iter().enumerate().map(|(n, body)| {
        json!({
            "messageId": n.to_string(), "receiptHandle": "AQEB", "body": body, "attributes": { "ApproximateReceiveCount": "1" },
            "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs", "awsRegion": "eu-west-1",
            "eventSourceARN": "arn:aws:sqs:eu-west-1:123456789012:broadcasts"
        })
    });
    let event = json!({ "Records": records.collect::<Vec<_>>() });
    let answer = gateway.invoke("BroadcastFunction", event.to_string()).await?;
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    let failures = answer["batchItemFailures"].as_array().unwrap();
    Ok(failures.iter().map(|failure| failure["itemIdentifier"].as_str().unwrap().to_owned()).collect())
}

#[tokio::test]
async fn every_member_hears_it_once_and_the_rows_of_those_who_are_gone_go() {
    let gateway = example().await;
    let table = Table::of(&gateway).await;
    let mut members = Vec::new();
    // Two pages of the index.
    for n in 0..520 {
        let id = format!("AAAAAAAAAAAA{n:04}");
        table.put(&id, "rust", START_MS).await;
        members.push(gateway.adopt(&id).unwrap());
    }
    table.put("AAAAAAAAAAAAAAA=", "rust", START_MS).await;
    let mut elsewhere = Client::connect(&gateway, "?channel=zig").await;

    let job = whole_channel("rust", "everybody?").to_string();
    assert_eq!(work(&gateway, &[job]).await.unwrap(), Vec::<String>::new());
    for (n, member) in members.iter_mut().enumerate() {
        assert_eq!((member.posted().as_deref(), member.posted()), (Some("everybody?"), None), "member {n}");
    }
    let ids = table.ids().await;
    assert_eq!((ids.len(), ids.iter().any(|id| id == "AAAAAAAAAAAAAAA=")), (521, false));
    // The first message that is heard elsewhere is a message of its own.
    elsewhere.say("all quiet").await;
    assert_eq!(elsewhere.hear().await, "all quiet");
    gateway.stop().await;
}

#[tokio::test]
async fn a_message_that_is_not_a_job_comes_again_and_keeps_no_other_from_being_served() {
    let gateway = example().await;
    let mut client = Client::connect(&gateway, "").await;
    let messages = ["not a job".to_owned(), whole_channel("lobby", "hello").to_string(), "{}".to_owned()];
    assert_eq!(work(&gateway, &messages).await.unwrap(), ["0", "2"]);
    assert_eq!(client.hear().await, "hello");
    gateway.stop().await;
}

#[tokio::test]
async fn a_channel_too_large_for_one_function_is_handed_over_and_every_member_hears_it_once() {
    let gateway = example().await;
    let table = Table::of(&gateway).await;
    let mut members = Vec::new();
    // More than one page of what `sendmessage` reads.
    for n in 0..1_100 {
        let id = format!("AAAAAAAAAAAA{n:04}");
        table.put(&id, "rust", START_MS).await;
        members.push(gateway.adopt(&id).unwrap());
    }
    let mut sender = Client::connect(&gateway, "?channel=rust").await;
    sender.say("everybody?").await;
    assert_eq!(sender.hear().await, "everybody?");
    for member in &mut members {
        assert_eq!(member.next_posted().await.as_deref(), Some("everybody?"));
    }
    // When this has gone the same way, a second copy would have come, too.
    sender.say("and again").await;
    for member in &mut members {
        assert_eq!(member.next_posted().await.as_deref(), Some("and again"));
    }
    gateway.stop().await;
}
