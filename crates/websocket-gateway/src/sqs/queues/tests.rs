use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use super::*;
use crate::happenings::{Happenings, Interest};
use crate::sqs::{Operation, Sender};

const START_MS: u64 = 1_762_426_800_000;

struct World {
    clock: Clock,
    queues: Queues,
    happenings: Happenings,
}

fn queue(name: &str) -> api::Queue {
    api::Queue {
        logical_id: name.to_owned(),
        name: name.to_owned(),
        arn: format!("arn:aws:sqs:us-east-1:123456789012:{name}"),
        url: format!("https://sqs.us-east-1.amazonaws.com/123456789012/{name}"),
        visibility_timeout: Duration::from_secs(30),
        delay: Duration::ZERO,
        retention: Duration::from_secs(3600),
        receive_wait: Duration::ZERO,
        message_bytes: limits::QUEUED_MESSAGE_BYTES,
        redrive: None,
    }
}

fn url(name: &str) -> String {
    format!("http://127.0.0.1:1/123456789012/{name}")
}

impl World {
    fn new(queues: &[api::Queue]) -> Self {
        Self::with_room(queues, Room { messages: MESSAGES, bytes: BYTES })
    }

    fn with_room(queues: &[api::Queue], room: Room) -> Self {
        let clock = Clock::manual(START_MS);
        let sender = HappeningSender::new(clock.clone());
        let happenings = sender.subscribe(Interest::UpTo(Level::Warning));
        let queues_here = Queues::with_room(clock.clone(), sender, "http://127.0.0.1:1", room);
        let world = Self { queues: queues_here, clock, happenings };
        world.queues.make(queues);
        world
    }

    async fn try_call(&self, operation: Operation, request: Value) -> Result<Value, Refusal> {
        let sender = Sender { id: "AIDA".to_owned(), function: None };
        let never = CancellationToken::new();
        let answer = self.queues.call(operation, request.to_string().into(), &sender, &never).await?;
        Ok(serde_json::from_slice(&answer).unwrap_or_default())
    }

    async fn call(&self, operation: Operation, request: Value) -> Value {
        self.try_call(operation, request).await.unwrap()
    }

    async fn send(&self, queue: &str, body: &str) {
        self.call(Operation::SendMessage, json!({ "QueueUrl": url(queue), "MessageBody": body })).await;
    }

    /// The bodies of the messages that can be received now, their receipt handles, and how often they were received.
    async fn received(&self, queue: &str) -> Vec<(String, String, u32)> {
        let request = json!({ "QueueUrl": url(queue), "MaxNumberOfMessages": 10, "AttributeNames": ["All"] });
        let answer = self.call(Operation::ReceiveMessage, request).await;
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let messages = answer["Messages"].as_array().into_iter().flatten().map(|message| {
            let receives = text(&message["Attributes"]["ApproximateReceiveCount"]).parse().unwrap();
            (text(&message["Body"]), text(&message["ReceiptHandle"]), receives)
        });
        messages.collect()
    }

    async fn bodies(&self, queue: &str) -> Vec<String> {
        self.received(queue).await.into_iter().map(|(body, ..)| body).collect()
    }

    fn wait(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }
}

#[tokio::test]
async fn a_message_comes_again_after_its_visibility_time_out_unless_it_is_deleted() {
    let world = World::new(&[queue("jobs")]);
    world.send("jobs", "a").await;
    world.send("jobs", "b").await;
    let first = world.received("jobs").await;
    assert_eq!(
        first.iter().map(|(body, _, receives)| (body.as_str(), *receives)).collect::<Vec<_>>(),
        [("a", 1), ("b", 1)]
    );
    assert_eq!(world.bodies("jobs").await, [""; 0]);
    world.call(Operation::DeleteMessage, json!({ "QueueUrl": url("jobs"), "ReceiptHandle": first[0].1 })).await;
    world.wait(29);
    assert_eq!(world.bodies("jobs").await, [""; 0]);
    world.wait(1);
    let second = world.received("jobs").await;
    assert_eq!((second[0].0.as_str(), second[0].2), ("b", 2));
    // An older handle deletes nothing, and is not refused.
    world.call(Operation::DeleteMessage, json!({ "QueueUrl": url("jobs"), "ReceiptHandle": first[1].1 })).await;
    let change =
        |timeout: u64| json!({ "QueueUrl": url("jobs"), "ReceiptHandle": second[0].1, "VisibilityTimeout": timeout });
    world.call(Operation::ChangeMessageVisibility, change(0)).await;
    let refusal = world.try_call(Operation::ChangeMessageVisibility, change(5)).await.unwrap_err();
    assert_eq!(refusal.kind, Kind::MESSAGE_NOT_INFLIGHT);
    assert_eq!(world.bodies("jobs").await, ["b"]);
    let refusal = world.try_call(Operation::ChangeMessageVisibility, change(5)).await.unwrap_err();
    assert_eq!(refusal.kind, Kind::INVALID_PARAMETER_VALUE);
    let foreign = json!({ "QueueUrl": url("jobs"), "ReceiptHandle": "AAAA" });
    let refusal = world.try_call(Operation::DeleteMessage, foreign).await.unwrap_err();
    assert_eq!(refusal.kind, Kind::RECEIPT_HANDLE_IS_INVALID);
}

#[tokio::test]
async fn a_visibility_time_out_of_zero_receives_a_message_once_a_request() {
    let world = World::new(&[queue("jobs")]);
    world.send("jobs", "a").await;
    let request = json!({ "QueueUrl": url("jobs"), "MaxNumberOfMessages": 10, "VisibilityTimeout": 0 });
    for _ in 0..3 {
        let answer = world.call(Operation::ReceiveMessage, request.clone()).await;
        assert_eq!(answer["Messages"].as_array().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn delays_are_the_queues_or_the_messages_own() {
    let world = World::new(&[api::Queue { delay: Duration::from_secs(10), ..queue("jobs") }]);
    world.send("jobs", "late").await;
    let request = json!({ "QueueUrl": url("jobs"), "MessageBody": "soon", "DelaySeconds": 2 });
    world.call(Operation::SendMessage, request).await;
    let attributes = json!({ "QueueUrl": url("jobs"), "AttributeNames": ["All"] });
    let attributes = world.call(Operation::GetQueueAttributes, attributes).await;
    assert_eq!(attributes["Attributes"]["ApproximateNumberOfMessagesDelayed"], "2");
    world.wait(2);
    assert_eq!(world.bodies("jobs").await, ["soon"]);
    world.wait(8);
    assert_eq!(world.bodies("jobs").await, ["late"]);
}

#[tokio::test]
async fn a_message_that_is_received_too_often_goes_to_the_dead_letter_queue() {
    let redrive = Some(api::Redrive { dead_letter_queue: "dead".to_owned(), max_receive_count: 2 });
    let mut world = World::new(&[api::Queue { redrive, ..queue("jobs") }, queue("dead")]);
    world.send("jobs", "poison").await;
    for _ in 0..2 {
        assert_eq!(world.bodies("jobs").await, ["poison"]);
        world.wait(30);
    }
    assert_eq!(world.bodies("dead").await, [""; 0]);
    assert_eq!(world.bodies("jobs").await, [""; 0]);
    let request = json!({ "QueueUrl": url("dead"), "MessageSystemAttributeNames": ["All"] });
    let dead = world.call(Operation::ReceiveMessage, request).await;
    assert_eq!(dead["Messages"][0]["Body"], "poison");
    let source = &dead["Messages"][0]["Attributes"]["DeadLetterQueueSourceArn"];
    assert_eq!(source, "arn:aws:sqs:us-east-1:123456789012:jobs");
    let told = world.happenings.next().await.unwrap();
    assert!(matches!(&told.what, What::DeadLettered { queue, receives: 2, .. } if queue == "jobs"), "{told:?}");
}

#[tokio::test]
async fn who_waits_gets_the_next_message_or_nothing_when_the_time_is_over() {
    let world = World::new(&[queue("jobs")]);
    let wanted = Wanted { most: 1, visibility: None, wait: Some(Duration::from_secs(20)) };
    let mut waiting = pin!(world.queues.receive("jobs", wanted));
    assert!(futures_util::poll!(waiting.as_mut()).is_pending());
    world.send("jobs", "a").await;
    assert_eq!(waiting.await.unwrap()[0].message.sent.body, "a");

    // A message that becomes visible while somebody waits.
    let mut waiting = pin!(world.queues.receive("jobs", Wanted { wait: Some(Duration::from_secs(20)), ..wanted }));
    assert!(futures_util::poll!(waiting.as_mut()).is_pending());
    world.wait(19);
    assert!(futures_util::poll!(waiting.as_mut()).is_pending());
    world.wait(1);
    assert_eq!(waiting.await.unwrap().len(), 0);
    let waiting = world.queues.receive("jobs", wanted);
    world.wait(10);
    assert_eq!(waiting.await.unwrap()[0].message.receives, 2);
}

#[tokio::test]
async fn old_messages_are_gone_and_that_is_told() {
    let mut world = World::new(&[queue("jobs")]);
    world.send("jobs", "old").await;
    world.wait(1800);
    world.send("jobs", "new").await;
    world.wait(1800);
    assert_eq!(world.bodies("jobs").await, ["new"]);
    let told = world.happenings.next().await.unwrap();
    assert!(matches!(&told.what, What::Expired { messages: 1, .. }), "{told:?}");
}

#[tokio::test]
async fn a_queue_is_purged_once_a_minute() {
    let world = World::new(&[queue("jobs")]);
    let purge = || world.try_call(Operation::PurgeQueue, json!({ "QueueUrl": url("jobs") }));
    world.send("jobs", "a").await;
    purge().await.unwrap();
    assert_eq!(world.bodies("jobs").await, [""; 0]);
    assert_eq!(purge().await.unwrap_err().kind, Kind::PURGE_QUEUE_IN_PROGRESS);
    world.wait(60);
    purge().await.unwrap();
}

#[tokio::test]
async fn the_queues_have_an_end_and_what_is_deleted_makes_room() {
    for room in [Room { messages: 3, bytes: BYTES }, Room { messages: MESSAGES, bytes: 3 * (1024 + 10) }] {
        let world = World::with_room(&[queue("jobs"), queue("other")], room);
        let send = |queue: &str| {
            world.try_call(Operation::SendMessage, json!({ "QueueUrl": url(queue), "MessageBody": "0123456789" }))
        };
        for _ in 0..3 {
            send("jobs").await.unwrap();
        }
        // They share the room.
        assert_eq!(send("other").await.unwrap_err().kind, Kind::REQUEST_THROTTLED);
        let (_, handle, _) = world.received("jobs").await.remove(0);
        world.call(Operation::DeleteMessage, json!({ "QueueUrl": url("jobs"), "ReceiptHandle": handle })).await;
        send("other").await.unwrap();
        assert_eq!(send("other").await.unwrap_err().kind, Kind::REQUEST_THROTTLED);
        world.call(Operation::PurgeQueue, json!({ "QueueUrl": url("jobs") })).await;
        let state = world.queues.lock();
        assert_eq!((state.messages, state.bytes), (1, 1024 + 10));
    }
}

#[tokio::test]
async fn large_requests_wait_for_their_turn_and_only_so_many_do() {
    let world = World::new(&[queue("jobs")]);
    let body = "x".repeat(16 * 1024);
    let send = || world.try_call(Operation::SendMessage, json!({ "QueueUrl": url("jobs"), "MessageBody": body }));
    let turn = world.queues.large().turn.acquire().await.unwrap();
    let mut sending: Vec<_> = (0..Large::MOST).map(|_| Box::pin(send())).collect();
    for sending in &mut sending {
        assert!(futures_util::poll!(sending).is_pending());
    }
    assert_eq!(send().await.unwrap_err().kind, Kind::REQUEST_THROTTLED);
    // A short one does not wait.
    world.send("jobs", "short").await;
    drop(turn);
    for sending in sending {
        sending.await.unwrap();
    }
    send().await.unwrap();
}

#[tokio::test]
async fn a_queue_that_is_made_again_keeps_its_messages_and_has_its_new_properties() {
    let world = World::new(&[queue("jobs")]);
    world.send("jobs", "a").await;
    world.queues.make(&[api::Queue { visibility_timeout: Duration::from_secs(1), ..queue("jobs") }]);
    assert_eq!(world.bodies("jobs").await, ["a"]);
    world.wait(1);
    assert_eq!(world.bodies("jobs").await, ["a"]);
}
