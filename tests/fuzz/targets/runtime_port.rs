//! Requests to the port of the Runtime API, which belongs to a running instance and the invocations that it gets. The instance's process only
//! waits: the input says what it sends.
//!
//! Whatever was sent, the instance then serves an invocation as if nothing had been.
#![no_main]

use std::cell::RefCell;

use bytes::Bytes;
use fuzz::http::{Answer, Ask, Client, PATIENCE};
use fuzz::{Format, Sample, fuzz, samples};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::task::{JoinHandle, yield_now};
use tokio::time::timeout;
use websocket_gateway::InvokeError;
use websocket_gateway::fuzzing::PlayedFunction;

fuzz!(Format::Json, samples(), run);

#[derive(Deserialize)]
struct Input {
    /// Whether the instance is new: it has not asked for its first invocation yet.
    new: bool,
    /// In them, `REQUEST` and `INVOCATION` stand for the ids of what the instance has fetched last.
    asks: Vec<Ask>,
}

const EVENT: &str = r#"{"an":"event"}"#;

const REGISTER: &str = "/2020-01-01/extension/register";

fn samples() -> Vec<Sample> {
    let ask = |method: &str, call: &str, headers: &[(&str, &str)], body: Value| {
        let headers = [&[("host", "127.0.0.1:1234"), ("content-type", "application/json")], headers].concat();
        let target = format!("/2018-06-01/runtime/{call}");
        json!({ "method": method, "target": target, "headers": headers, "body": body })
    };
    let next = || ask("GET", "invocation/next", &[], json!(""));
    let id = [("lambda-runtime-invocation-id", "INVOCATION")];
    let response = |body: Value| ask("POST", "invocation/REQUEST/response", &id, body);
    let report = json!({ "errorType": "Unhandled", "errorMessage": "division by zero", "stackTrace": ["main.rs:1"] });
    let type_ = [("lambda-runtime-function-error-type", "Runtime.Unhandled")];
    let error = ask("POST", "invocation/REQUEST/error", &type_, report.clone());
    let failed = ask("POST", "init/error", &type_, report);
    let mut register = ask("POST", "", &[("lambda-extension-name", "hook")], json!({ "events": [] }));
    register["target"] = json!(REGISTER);
    let page = ask("GET", "invocation/next", &[("origin", "http://evil.example")], json!(""));
    let inputs = [
        (false, vec![next(), response(json!({ "statusCode": 200, "body": "hello" }))]),
        (true, vec![next(), error, next(), response(json!("not JSON"))]),
        (true, vec![failed.clone(), next()]),
        (true, vec![register.clone(), next(), register, response(json!({}))]),
        (false, vec![next(), next(), failed, response(json!({})), response(json!({}))]),
        (false, vec![page, ask("PUT", "other", &[], json!({ "x": [1] }))]),
    ];
    inputs.map(|(new, asks)| Sample::good(json!({ "new": new, "asks": asks }).to_string())).into()
}

thread_local! {
    static WORLD: RefCell<World> = RefCell::new(World::new());
}

/// True if every request has an answer.
fn run(data: &[u8]) -> bool {
    let Ok(input) = serde_json::from_slice::<Input>(data) else { return false };
    WORLD.with_borrow_mut(|world| world.run(&input))
}

struct World {
    runtime: Runtime,
    played: Option<Played>,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        Self { runtime, played: None }
    }

    fn run(&mut self, input: &Input) -> bool {
        let Self { runtime, played } = self;
        runtime.block_on(async {
            let mut instance = match played.take() {
                Some(instance) if !input.new => instance,
                old => {
                    if let Some(old) = old {
                        old.function.stop().await;
                    }
                    Played::start().await
                }
            };
            let all_plain = instance.run(&input.asks).await;
            if instance.serve().await {
                *played = Some(instance);
            } else {
                assert!(!all_plain, "it serves no more");
                instance.function.stop().await;
            }
            all_plain
        })
    }
}

/// What became of an invocation.
type Outcome = Result<Bytes, InvokeError>;

/// The instance.
struct Played {
    function: PlayedFunction,
    client: Client,
    /// The last invocation: the ids with which it was fetched, and its caller.
    request_id: String,
    invocation_id: String,
    caller: JoinHandle<Outcome>,
    is_fetched: bool,
}

impl Played {
    async fn start() -> Self {
        let program = samples::repository("tests/fuzz/waits.sh");
        let (function, first) = PlayedFunction::start(program, EVENT.into()).await.expect("an instance");
        Self {
            client: Client::of(&function.runtime_api),
            request_id: "none".to_owned(),
            invocation_id: "none".to_owned(),
            caller: tokio::spawn(first),
            is_fetched: false,
            function,
        }
    }

    async fn run(&mut self, asks: &[Ask]) -> bool {
        let mut all_plain = true;
        for ask in asks {
            let ask = self.with_ids(ask);
            self.invoke_for(&ask).await;
            if ask.is_plain() {
                let answer = self.client.ask(&ask).await;
                self.check(&ask, &answer).await;
            } else {
                all_plain = false;
                let heard = self.client.be_rude(&ask).await;
                self.note(&String::from_utf8_lossy(&heard));
            }
        }
        all_plain
    }

    fn with_ids(&self, ask: &Ask) -> Ask {
        let ids = [("REQUEST", &self.request_id), ("INVOCATION", &self.invocation_id)];
        let filled = |text: &str| ids.iter().fold(text.to_owned(), |text, (name, id)| text.replace(name, id));
        let headers = ask.headers.iter().map(|(name, value)| (name.clone(), filled(value))).collect();
        Ask { target: filled(&ask.target), headers, ..ask.clone() }
    }

    /// Whoever asks for the next invocation waits for it, so there must be one.
    async fn invoke_for(&mut self, ask: &Ask) {
        if ask.path().ends_with("/next") && self.caller.is_finished() {
            self.caller = tokio::spawn(self.function.invoke(EVENT.into()));
            self.is_fetched = false;
            yield_now().await;
        }
    }

    async fn check(&mut self, ask: &Ask, answer: &Answer) {
        assert!(!(answer.status < 300 && ask.is_of_a_page()), "a page is served: {ask:?}");
        if ask.method == "HEAD" {
            return;
        }
        match answer.status {
            // Its requests stay without an answer, so the inputs never learn the identifier.
            200 if ask.path() == REGISTER => {
                assert!(answer.header("lambda-extension-identifier").is_some_and(|identifier| !identifier.is_empty()));
            }
            200 => {
                assert_eq!(answer.text(), EVENT);
                let deadline = answer.header("lambda-runtime-deadline-ms").expect("a deadline");
                assert!(deadline.parse::<u64>().is_ok(), "{deadline}");
                assert!(
                    answer.header("lambda-runtime-invoked-function-arn").is_some_and(|arn| arn.starts_with("arn:"))
                );
                self.request_id = answer.header("lambda-runtime-aws-request-id").expect("an id").to_owned();
                self.invocation_id = answer.header("lambda-runtime-invocation-id").expect("an id").to_owned();
                self.is_fetched = true;
            }
            202 if ask.path().ends_with("/init/error") => {}
            202 => {
                let outcome = timeout(PATIENCE, &mut self.caller).await.expect("what was accepted arrives");
                self.is_fetched = false;
                match outcome.expect("an outcome") {
                    Ok(answer) => {
                        assert!(ask.path().ends_with("/response"), "{ask:?}");
                        assert_eq!(answer, ask.body(), "it arrives as it was sent");
                    }
                    Err(InvokeError::FunctionError { payload, .. }) => {
                        assert!(ask.path().ends_with("/error"), "{ask:?}");
                        assert_eq!(payload, ask.body(), "it arrives as it was sent");
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            414 | 431 => {}
            400 | 403 | 404 => {
                let error: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|_| panic!("{}", answer.text()));
                let says = |key: &str| error[key].as_str().is_some_and(|text| !text.trim().is_empty());
                let is_whole = says("errorType") && says("errorMessage") || says("__type") && says("message");
                assert!(is_whole, "{} for {ask:?}", answer.text());
            }
            status => panic!("{status} {} for {ask:?}", answer.text()),
        }
    }

    /// Remembers an invocation that a rude request has fetched.
    fn note(&mut self, heard: &str) {
        let header = |name: &str| heard.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
        if let Some(id) = header("lambda-runtime-aws-request-id: ") {
            (self.request_id, self.is_fetched) = (id, true);
            self.invocation_id = header("lambda-runtime-invocation-id: ").unwrap_or_default();
        }
    }

    /// Serves the invocation that is there, and another one. False if the first was fetched by a request that has not heard the answer.
    async fn serve(&mut self) -> bool {
        for _ in 0..2 {
            yield_now().await;
            // A rude request may have answered it.
            self.is_fetched &= !self.caller.is_finished();
            if !self.is_fetched {
                let next = Self::plain("GET", "invocation/next");
                self.invoke_for(&next).await;
                let answer = self.client.ask(&next).await;
                self.check(&next, &answer).await;
                if answer.status != 200 {
                    return false;
                }
            }
            let response = Self::plain("POST", &format!("invocation/{}/response", self.request_id));
            let answer = self.client.ask(&response).await;
            assert_eq!(answer.status, 202, "{}", answer.text());
            self.check(&response, &answer).await;
        }
        true
    }

    fn plain(method: &str, call: &str) -> Ask {
        Ask {
            method: method.to_owned(),
            target: format!("/2018-06-01/runtime/{call}"),
            headers: vec![("host".to_owned(), "localhost".to_owned())],
            body: RawValue::from_string("{}".to_owned()).expect("JSON"),
        }
    }
}
