//! A queue that is filled as fast as it can be, until it is full, while others send what no queue understands.

use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{Peak, Scene};
use crate::Error;
use crate::client::tcp;
use crate::figures::mib;
use crate::gateway::Workshop;
use crate::http::{call_of, exchange};
use crate::queue::Queue;
use crate::report::Report;

/// How many send messages, each over a connection that it keeps, and how many send something else.
const CALLERS: usize = 4;
const RUDE: usize = 2;

/// The size of a message, and how many of them all queues may have.
const BYTES: usize = 256 << 10;
const ROOM: usize = (256 << 20) / BYTES;

/// What the gateway may take: its queues' 256 MiB, and half as much for calls on their way in and for the allocator.
const MOST_GROWTH: u64 = 384 << 20;

/// What the callers have got for an answer.
#[derive(Debug, Default)]
struct Answers {
    accepted: usize,
    throttled: usize,
    refused: usize,
    strange: usize,
    example: Option<String>,
}

pub(super) async fn run(report: &mut Report, workshop: &Workshop, lasting: Duration) -> Result<(), Error> {
    let scene = Scene::new(report, workshop, &[], 29).await?;
    let shelf = Queue::named("shelf", port_of_queues(&scene).await?);
    let (quiet, peak, end) = (scene.quiet(), Peak::of(scene.gateway.process), Instant::now() + lasting);
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let shelf = shelf.clone();
        callers.spawn(async move { fill(&shelf, end).await });
    }
    for _ in 0..RUDE {
        let address = shelf.address.clone();
        callers.spawn(async move { be_rude(&address, end).await });
    }
    let mut seen = Answers::default();
    let flood = async {
        while let Some(caller) = callers.join_next().await {
            seen.add(caller?);
        }
        Ok::<_, Error>(())
    };
    tokio::select! {
        flooded = flood => flooded?,
        () = peak.enough.notified() => {}
    }
    scene.judge(report, &quiet.finish().await);
    let Answers { accepted, throttled, refused, strange, example } = seen;
    report.note("messages accepted, throttled; rude calls refused", format_args!("{accepted}, {throttled}, {refused}"));
    report.at_most("messages accepted", ROOM, accepted);
    report.check("calls throttled, and rude calls refused", throttled > 0 && refused > 0, "some of both", "above");
    report.none("calls with another answer", strange);
    example.iter().for_each(|example| report.note("for example", example));
    let count = shelf.count().await?;
    report.check("messages in the queue", count == accepted, format_args!("the {accepted} accepted"), count);
    report.memory("highest resident memory", scene.before.resident + MOST_GROWTH, peak.highest());
    report.note("that is more than before by", mib(peak.highest().saturating_sub(scene.before.resident)));

    let statuses = [shelf.purge().await?, shelf.send("room again?").await?];
    report.check(
        "a purge, and a message after it",
        statuses == [200, 200],
        "200 and 200",
        format_args!("{statuses:?}"),
    );
    scene.end(report, workshop, MOST_GROWTH).await
}

/// The port of the gateway's that answers a call of SQS.
async fn port_of_queues(scene: &Scene) -> Result<u16, Error> {
    for port in scene.gateway.process.ports() {
        if Queue::named("shelf", port).count().await.is_ok() {
            return Ok(port);
        }
    }
    Err("no port of the gateway's has the queue".into())
}

async fn fill(shelf: &Queue, end: Instant) -> Answers {
    let (request, mut answers, mut stream) = (shelf.sending(&"x".repeat(BYTES)), Answers::default(), None);
    while Instant::now() < end {
        let answer = async {
            let mut kept = match stream.take() {
                Some(kept) => kept,
                None => tcp(&shelf.address).await?,
            };
            let answer = exchange(&mut kept, request.as_bytes()).await?;
            stream = Some(kept);
            Ok::<_, Error>(answer)
        };
        match answer.await {
            Ok(answer) if answer.status() == Some(200) => answers.accepted += 1,
            Ok(answer) if answer.status() == Some(403) && has(answer.body(), "RequestThrottled") => {
                answers.throttled += 1;
            }
            Ok(answer) => answers.strange(String::from_utf8_lossy(&answer.bytes).into_owned()),
            Err(error) => answers.strange(error.to_string()),
        }
    }
    answers
}

/// Sends calls that are wrong in all ways, each over a connection of its own.
async fn be_rude(address: &str, end: Instant) -> Answers {
    let mut answers = Answers::default();
    for request in rude_calls().iter().cycle() {
        if Instant::now() >= end {
            break;
        }
        let answer = async { exchange(&mut tcp(address).await?, request).await };
        match answer.await {
            Ok(answer) if answer.status().is_some_and(|status| (400..500).contains(&status)) => answers.refused += 1,
            Ok(answer) => answers.strange(String::from_utf8_lossy(&answer.bytes).into_owned()),
            Err(error) => answers.strange(error.to_string()),
        }
    }
    answers
}

fn rude_calls() -> Vec<Vec<u8>> {
    let call = |operation: &str, body: &str| call_of("sqs", &format!("AmazonSQS.{operation}"), body).into_bytes();
    let shelf = "http://127.0.0.1/123456789012/shelf";
    let entries: Vec<_> = (0..11).map(|id| json!({ "Id": id.to_string(), "MessageBody": "x" })).collect();
    let mut not_text = call("SendMessage", r#"{"MessageBody":"...."}"#);
    let length = not_text.len();
    not_text[length - 6..length - 2].fill(0xff);
    vec![
        call_of("sqs", "", "{}").into_bytes(),
        call("Nonsense", "{}"),
        call("CreateQueue", r#"{"QueueName":"mine"}"#),
        call("SendMessage", "rubbish"),
        call("SendMessage", &"[".repeat(100_000)),
        call("SendMessage", &json!({ "QueueUrl": shelf }).to_string()),
        call("SendMessage", &json!({ "QueueUrl": shelf, "MessageBody": "x".repeat((1 << 20) + 1) }).to_string()),
        call("SendMessage", r#"{"QueueUrl":"http://127.0.0.1/123456789012/orders.fifo","MessageBody":"x"}"#),
        call("SendMessageBatch", &json!({ "QueueUrl": shelf, "Entries": entries }).to_string()),
        call("ReceiveMessage", &json!({ "QueueUrl": shelf, "MaxNumberOfMessages": -1 }).to_string()),
        call("DeleteMessage", &json!({ "QueueUrl": shelf, "ReceiptHandle": "x" }).to_string()),
        not_text,
        b"POST / HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 17\r\n\r\nAction=ListQueues".to_vec(),
        b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\n".to_vec(),
    ]
}

fn has(body: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(body).contains(text)
}

impl Answers {
    fn strange(&mut self, answer: String) {
        self.strange += 1;
        self.example.get_or_insert(answer);
    }

    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.throttled += other.throttled;
        self.refused += other.refused;
        self.strange += other.strange;
        self.example = self.example.take().or(other.example);
    }
}
