//! Requests to the gateway's DynamoDB port, and the embedded store behind it. Each has an answer that says what is wrong, a web page gets only
//! refusals, and what was stored comes back.
#![no_main]

#[path = "../../gateway/store/requests.rs"]
mod requests;

use std::cell::RefCell;

use fuzz::http::{Answer, Ask, Client};
use fuzz::{Format, Sample, fuzz, without_functions};
use requests::{MALFORMED, NESTED, OPERATIONS, REQUESTS, SIGNED, WITH_HEADERS};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use websocket_gateway::{Gateway, Store};

fuzz!(Format::Json, samples(), run);

/// After so many runs the store is another one: it keeps something of every table that it has ever had.
const RUNS: usize = 2_000;

#[derive(Deserialize)]
struct Input(Vec<Ask>);

/// The first two requests of the samples make these tables. Each run begins with them.
const TABLES: usize = 2;

fn samples() -> Vec<Sample> {
    let ask = |method: &str, target: &str, headers: &str, body: Value| {
        let mut all = vec![("host", "127.0.0.1:3002")];
        all.extend(headers.lines().filter_map(|line| line.split_once(": ")));
        json!({ "method": method, "target": target, "headers": all, "body": body })
    };
    // As a tree, so that its structure is changed, where it is JSON; so are the requests that fit no operation.
    let body =
        |text: &str| serde_json::from_str(text).ok().filter(|body: &Value| !body.is_string()).unwrap_or(text.into());
    let operation = |name: &str, text: &str| ask("POST", "/", &headers(name), body(text));
    let mut inputs: Vec<_> =
        REQUESTS.chunks(4).map(|some| some.iter().map(|(name, text)| operation(name, text)).collect()).collect();
    for (n, name) in OPERATIONS.iter().enumerate() {
        inputs.push(vec![operation(name, MALFORMED[n % MALFORMED.len()])]);
    }
    for (method, target, headers, text) in WITH_HEADERS {
        inputs.push(vec![ask(method, target, headers, body(text))]);
    }
    for (name, text) in NESTED {
        inputs.push(vec![operation(name, &text.replace("$VALUE", r#"{"L":[{"M":{"a":{"S":"x"}}}]}"#))]);
    }
    let page = format!("origin: http://evil.example\r\n{}", headers("ListTables"));
    inputs.push(vec![ask("POST", "/", &page, json!({})), ask("GET", "/", "", json!(""))]);
    inputs.into_iter().map(|input: Vec<Value>| Sample::good(json!(input).to_string())).collect()
}

fn headers(operation: &str) -> String {
    format!("content-type: application/x-amz-json-1.0\r\nx-amz-target: DynamoDB_20120810.{operation}\r\n{SIGNED}")
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
    client: Client,
    runs: usize,
    /// Whether the store has more than the tables of the beginning.
    is_changed: bool,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut world = Self { runtime, gateway: None, client: Client::of(""), runs: 0, is_changed: true };
        world.renew();
        world
    }

    fn renew(&mut self) {
        if let Some(gateway) = self.gateway.take() {
            self.runtime.block_on(gateway.stop());
        }
        let gateway = self.runtime.block_on(without_functions(|options| options.store(Store::Memory)));
        self.client = Client::of(gateway.dynamodb_url().trim_start_matches("http://"));
        self.gateway = Some(gateway);
        self.is_changed = true;
    }

    fn run(&mut self, asks: &[Ask]) -> bool {
        self.runs += 1;
        if self.runs.is_multiple_of(RUNS) {
            self.renew();
        }
        if self.is_changed {
            self.begin();
        }
        let mut all_plain = true;
        let mut keeps_all = true;
        for ask in asks {
            if !ask.is_plain() {
                all_plain = false;
                // It may be a whole request for all that the store knows.
                self.is_changed = true;
                self.runtime.block_on(self.client.be_rude(ask));
                continue;
            }
            let answer = self.runtime.block_on(self.client.ask(ask));
            check(ask, &answer);
            let Some(operation) = operation(ask).filter(|_| answer.status == 200) else { continue };
            let is_reading = ["Describe", "Get", "List", "BatchGet", "TransactGet", "Query", "Scan"];
            self.is_changed |= !is_reading.iter().any(|start| operation.starts_with(start));
            // Rows may expire from now on.
            keeps_all &= operation != "UpdateTimeToLive";
            let request: Value = serde_json::from_slice(&ask.body()).unwrap_or_default();
            match operation {
                "PutItem" if keeps_all => self.check_item(&request),
                "CreateTable" => self.check_table(&request),
                _ => {}
            }
        }
        self.must("ListTables", &json!({}));
        all_plain
    }

    /// Deletes all tables and makes the first ones again.
    fn begin(&mut self) {
        loop {
            let tables = self.must("ListTables", &json!({}));
            let names = tables["TableNames"].as_array().expect("names");
            if names.is_empty() {
                break;
            }
            for name in names {
                let table = json!({ "TableName": name });
                if self.call("DeleteTable", &table).status != 200 {
                    self.must("UpdateTable", &json!({ "TableName": name, "DeletionProtectionEnabled": false }));
                    self.must("DeleteTable", &table);
                }
            }
        }
        for (operation, body) in &REQUESTS[..TABLES] {
            self.must(operation, &serde_json::from_str(body).expect("a request"));
        }
        self.is_changed = false;
    }

    /// What was put is there, and putting what is there changes nothing.
    fn check_item(&mut self, request: &Value) {
        let (table, item) = (&request["TableName"], &request["Item"]);
        let described = self.must("DescribeTable", &json!({ "TableName": table }));
        let keys = described["Table"]["KeySchema"].as_array().expect("a key");
        let names = keys.iter().filter_map(|key| key["AttributeName"].as_str());
        let key: Value =
            names.map(|name| (name.to_owned(), item[name].clone())).collect::<serde_json::Map<_, _>>().into();
        let get = json!({ "TableName": table, "Key": key, "ConsistentRead": true });
        let mut got = self.must("GetItem", &get)["Item"].take();
        assert!(is_like(item, &got), "put: {item}\ngot: {got}");
        self.must("PutItem", &json!({ "TableName": table, "Item": got }));
        let mut again = self.must("GetItem", &get)["Item"].take();
        normalize(&mut got);
        normalize(&mut again);
        assert_eq!(again, got, "it changes each time it is read and written");
    }

    fn check_table(&mut self, request: &Value) {
        let described = self.must("DescribeTable", &json!({ "TableName": request["TableName"] }));
        for field in ["KeySchema", "TableName"] {
            assert!(is_like(&request[field], &described["Table"][field]), "{request} made {described}");
        }
    }

    fn call(&mut self, operation: &str, body: &Value) -> Answer {
        self.runtime.block_on(self.client.ask(&Ask::of_an_sdk(&headers(operation), body)))
    }

    /// A request that must succeed.
    fn must(&mut self, operation: &str, body: &Value) -> Value {
        let answer = self.call(operation, body);
        assert_eq!(answer.status, 200, "{operation} {body}: {}", answer.text());
        serde_json::from_slice(&answer.body).expect("JSON")
    }
}

/// The answer has a type, and a message that says why if there is something to say.
fn check(ask: &Ask, answer: &Answer) {
    assert!(!(answer.status == 200 && ask.is_of_a_page()), "a page is served: {ask:?}");
    if ask.method == "HEAD" {
        return;
    }
    let text = answer.text();
    match answer.status {
        200 if ask.method == "GET" => assert!(text.starts_with("healthy: ")),
        200 => assert!(serde_json::from_str::<Value>(text).is_ok_and(|answer| answer.is_object()), "{text}"),
        404 => assert_eq!(text, "<UnknownOperationException/>\n"),
        // The server's own, about a head that is too large or not one.
        414 | 431 => {}
        400..500 => {
            let error: Value = serde_json::from_str(text).unwrap_or_else(|_| panic!("{text} for {ask:?}"));
            let name = error["__type"].as_str().and_then(|name| name.rsplit('#').next()).unwrap_or_default();
            assert!(!name.is_empty(), "{text}");
            // DynamoDB itself says nothing more about these: bodies that are not JSON, and a list where it wants a word.
            let is_silent = ["UnknownOperationException", "SerializationException"].contains(&name);
            let message = error["message"].as_str().or_else(|| error["Message"].as_str()).unwrap_or_default();
            assert!(is_silent || !message.trim().is_empty(), "{text} for {ask:?}");
        }
        status => panic!("{status} {text} for {ask:?}"),
    }
}

/// Which operation it asks for.
fn operation(ask: &Ask) -> Option<&str> {
    ask.values("x-amz-target").next()?.split_once('.').map(|(_, name)| name)
}

const TYPES: [&str; 10] = ["B", "BOOL", "BS", "L", "M", "N", "NS", "NULL", "S", "SS"];

/// Whether a value is what another one was stored as: numbers have another spelling, and sets another order.
fn is_like(put: &Value, got: &Value) -> bool {
    match (put, got) {
        (Value::Object(put), Value::Object(got)) => {
            // Beside the type of a value DynamoDB reads over what it does not know.
            let is_a_value = got.len() == 1 && got.keys().all(|name| TYPES.contains(&name.as_str()));
            got.keys().all(|name| put.contains_key(name))
                && put.iter().all(|(name, put)| match (name.as_str(), put, got.get(name)) {
                    (name, _, None) => is_a_value && !TYPES.contains(&name),
                    ("N", Value::String(put), Some(Value::String(got))) => number(put) == number(got),
                    // DynamoDB takes the word for the value.
                    ("BOOL" | "NULL", Value::String(put), Some(Value::Bool(got))) => *put == got.to_string(),
                    ("SS" | "NS" | "BS", Value::Array(put), Some(Value::Array(got))) => put.len() == got.len(),
                    // What is no more than a way to write the same bytes is not followed here.
                    ("B", Value::String(_), Some(Value::String(_))) => true,
                    (_, put, Some(got)) => is_like(put, got),
                })
        }
        (Value::Array(put), Value::Array(got)) => {
            put.len() == got.len() && put.iter().zip(got).all(|(put, got)| is_like(put, got))
        }
        (put, got) => put == got,
    }
}

/// A number as far as floating point tells.
fn number(text: &str) -> String {
    text.parse::<f64>().map_or_else(|_| text.to_owned(), |number| format!("{number:.9e}"))
}

/// Sets have no order.
fn normalize(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if let (true, Value::Array(items)) = (["SS", "NS", "BS"].contains(&name.as_str()), &mut *value) {
                    items.sort_by_key(Value::to_string);
                }
                normalize(value);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(normalize),
        _ => {}
    }
}
