//! Requests to the gateway's SQS port, and the embedded queues behind it. Each has an answer that says what is wrong, a web page gets only refusals,
//! and what was sent can be received.
#![no_main]

#[path = "../../gateway/queues/requests.rs"]
mod requests;

use std::cell::RefCell;
use std::time::Duration;

use fuzz::http::{Answer, Ask, Client};
use fuzz::{Format, Sample, fuzz, without_functions};
use requests::REQUESTS;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use websocket_gateway::{Clock, Gateway};

fuzz!(Format::Json, samples(), run);

/// After so many runs the queues are others.
const RUNS: usize = 2_000;

/// Where the requests of the samples think that the queues are. Of a queue's URL, only its name counts.
const URL: &str = "http://127.0.0.1:3003/123456789012";

const QUEUES: [&str; 3] = ["shelf", "flaky", "templates-Dead"];

#[derive(Deserialize)]
struct Input(Vec<Ask>);

fn samples() -> Vec<Sample> {
    let ask = |method: &str, headers: &str, body: Value| {
        let mut all = vec![("host", "127.0.0.1:3003")];
        all.extend(headers.lines().filter_map(|line| line.split_once(": ")));
        json!({ "method": method, "target": "/", "headers": all, "body": body })
    };
    let body = |text: &str| {
        let text = text.replace("$SHELF", &format!("{URL}/shelf")).replace("$FLAKY", &format!("{URL}/flaky"));
        let text = text.replace("$DEAD", &format!("{URL}/templates-Dead")).replace("$LARGE", "large");
        serde_json::from_str(&text.replace("$HALF", "half").replace("$HANDLE", "handle")).unwrap_or(Value::Null)
    };
    let mut inputs: Vec<_> = REQUESTS
        .chunks(4)
        .map(|some| some.iter().map(|(name, text)| ask("POST", &headers(name), body(text))).collect())
        .collect();
    let page = format!("origin: http://evil.example\r\n{}", headers("ListQueues"));
    inputs.push(vec![ask("POST", &page, json!({})), ask("GET", "", json!(""))]);
    let query = "content-type: application/x-www-form-urlencoded";
    inputs.push(vec![ask("POST", query, json!("Action=ListQueues")), ask("POST", "", json!("{}"))]);
    inputs.into_iter().map(|input: Vec<Value>| Sample::good(json!(input).to_string())).collect()
}

fn headers(operation: &str) -> String {
    format!("content-type: application/x-amz-json-1.0\r\nx-amz-target: AmazonSQS.{operation}")
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new());
}

/// True if every request has an answer.
fn run(data: &[u8]) -> bool {
    let Ok(Input(asks)) = serde_json::from_slice(data) else { return false };
    WORLD.with_borrow_mut(|world| world.run(&asks))
}

struct World {
    runtime: Runtime,
    gateway: Option<Gateway>,
    clock: Clock,
    client: Client,
    runs: usize,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let clock = Clock::manual(1_762_426_800_000);
        let mut world = Self { runtime, gateway: None, clock, client: Client::of(""), runs: 0 };
        world.renew();
        world
    }

    fn renew(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            self.runtime.block_on(gateway.stop());
        }
        let gateway = self.runtime.block_on(without_functions(|options| options.clock(self.clock.clone())));
        self.client = Client::of(gateway.sqs_url().trim_start_matches("http://"));
        self.gateway = Some(gateway);
    }

    fn run(&mut self, asks: &[Ask]) -> bool {
        self.runs += 1;
        if self.runs.is_multiple_of(RUNS) {
            self.renew();
        }
        self.begin();
        let mut all_plain = true;
        for ask in asks {
            if !ask.is_plain() {
                all_plain = false;
                self.runtime.block_on(self.client.be_rude(ask));
                continue;
            }
            let answer = self.ask(ask);
            check(ask, &answer);
        }
        // Whatever has been, what is sent now is received.
        self.begin();
        let body = json!(asks.iter().map(|ask| &ask.target).collect::<Vec<_>>()).to_string();
        let request = json!({ "QueueUrl": format!("{URL}/shelf"), "MessageBody": body });
        let sent = self.call("SendMessage", &request);
        if sent.status == 200 {
            let sent: Value = serde_json::from_slice(&sent.body).expect("JSON");
            let received = self.must("ReceiveMessage", &json!({ "QueueUrl": format!("{URL}/shelf") }));
            let received = &received["Messages"][0];
            assert_eq!(received["Body"], body, "{received}");
            for (of_sent, of_received) in [("MessageId", "MessageId"), ("MD5OfMessageBody", "MD5OfBody")] {
                assert_eq!(sent[of_sent], received[of_received]);
            }
        }
        all_plain
    }

    /// Removes all messages.
    fn begin(&mut self) {
        self.clock.advance(Duration::from_secs(60));
        for queue in QUEUES {
            self.must("PurgeQueue", &json!({ "QueueUrl": format!("{URL}/{queue}") }));
            let request = json!({ "QueueUrl": format!("{URL}/{queue}"), "AttributeNames": ["All"] });
            let attributes = self.must("GetQueueAttributes", &request);
            for count in ["", "Delayed", "NotVisible"] {
                assert_eq!(attributes["Attributes"][format!("ApproximateNumberOfMessages{count}")], "0");
            }
        }
    }

    /// A request, while time passes: it may ask to wait for a message.
    fn ask(&mut self, ask: &Ask) -> Answer {
        let clock = self.clock.clone();
        let passing = async move {
            loop {
                tokio::time::sleep(Duration::from_millis(5)).await;
                clock.advance(Duration::from_secs(30));
            }
        };
        self.runtime.block_on(async {
            tokio::select! {
                answer = self.client.ask(ask) => answer,
                () = passing => unreachable!("time has no end"),
            }
        })
    }

    fn call(&mut self, operation: &str, body: &Value) -> Answer {
        self.ask(&Ask::of_an_sdk(&headers(operation), body))
    }

    /// A request that must succeed.
    fn must(&mut self, operation: &str, body: &Value) -> Value {
        let answer = self.call(operation, body);
        assert_eq!(answer.status, 200, "{operation} {body}: {}", answer.text());
        serde_json::from_slice(&answer.body).unwrap_or(Value::Null)
    }
}

/// The answer is JSON, or says in a type, a code and a message what is wrong.
fn check(ask: &Ask, answer: &Answer) {
    assert!(!(answer.status == 200 && ask.is_of_a_page()), "a page is served: {ask:?}");
    if ask.method == "HEAD" {
        return;
    }
    let text = answer.text();
    match answer.status {
        200 => assert!(
            text.is_empty() || serde_json::from_str::<Value>(text).is_ok_and(|answer| answer.is_object()),
            "{text}"
        ),
        // The server's own, about a method, or a head that is too large or not one.
        405 | 414 | 431 => {}
        400..500 if text.starts_with("<?xml") => {
            assert!(text.contains("<Code>") && text.contains("<Message>"), "{text}")
        }
        400..500 => {
            let error: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("{text} for {ask:?}"));
            let name = error["__type"].as_str().and_then(|name| name.rsplit('#').next()).unwrap_or_default();
            let message = error["message"].as_str().or_else(|| error["Message"].as_str()).unwrap_or_default();
            assert!(!name.is_empty() && !message.trim().is_empty(), "{text} for {ask:?}");
        }
        status => panic!("{status} {text} for {ask:?}"),
    }
}
