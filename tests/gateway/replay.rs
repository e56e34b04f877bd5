//! The commands `invoke` and `replay`, and the option `--record`.

use std::path::Path;
use std::process::Stdio;

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use websocket_gateway::replay::SampleEvent;
use websocket_gateway::{Gateway, Level};

use crate::support::{Client, Gate, connection_url, end, gateway, in_time, options, post, probe, signal, start};

const PROBE: [&str; 2] = ["--template", "tests/templates/probe.yaml"];

struct Output {
    code: i32,
    stdout: String,
    stderr: String,
}

impl Output {
    /// One JSON object for each line.
    fn records(&self) -> Vec<Value> {
        let records = self.stdout.lines().map(|line| serde_json::from_str(line).unwrap());
        records.collect()
    }

    /// Each file with its status, in their order.
    fn statuses(&self) -> Vec<(String, Value)> {
        let records = self.records().into_iter();
        records.map(|record| (name(&record), record["answer"]["statusCode"].clone())).collect()
    }
}

fn name(record: &Value) -> String {
    record["file"].as_str().unwrap().trim_start_matches("events/").trim_end_matches(".json").to_owned()
}

async fn run(arguments: &[&str]) -> Output {
    run_with(arguments, "").await
}

async fn run_with(arguments: &[&str], input: &str) -> Output {
    let mut child = gateway(arguments).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A program that needs no input may have ended already.
    let _ = stdin.write_all(input.as_bytes()).await;
    drop(stdin);
    let output = in_time("the end of the gateway", child.wait_with_output()).await.unwrap();
    Output {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Makes a folder with these files: its path.
fn folder(name: &str, files: &[(&str, &Value)]) -> String {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    // Files of an earlier run could have other names.
    let _ = std::fs::remove_dir_all(&folder);
    for (file, event) in files {
        let file = folder.join(file);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, event.to_string()).unwrap();
    }
    folder.to_str().unwrap().to_owned()
}

/// The connection of every event here.
const CONNECTION_ID: &str = "TnAb3dVvDoECJ5A=";

/// A message that gives the probe an order.
fn order(order: &Value) -> Value {
    json!({
        "requestContext": { "routeKey": "$default", "eventType": "MESSAGE", "connectionId": CONNECTION_ID },
        "body": json!({ "do": order }).to_string(),
    })
}

#[tokio::test]
async fn the_sample_events_are_sent_in_the_order_of_a_connection() {
    let output = run(&["replay", "events", "--json"]).await;
    assert_eq!(output.code, 0, "{}", output.stderr);
    let records = output.records();
    let valid = records.iter().filter(|record| !name(record).starts_with("invalid/"));
    assert_eq!(
        valid.map(name).collect::<Vec<_>>(),
        ["connect", "default", "hello", "join", "sendmessage", "disconnect"]
    );

    let hello = records.iter().find(|record| name(record) == "hello").unwrap();
    assert_eq!(
        *hello,
        json!({
            "file": "events/hello.json",
            "routeKey": "hello",
            "function": "HelloFunction",
            "answer": { "statusCode": 200 },
            "frames": ["Hello from hello. You connected at: 1762426800123"],
            "closed": false,
        })
    );
}

#[tokio::test]
async fn events_without_a_route_are_sent_where_their_file_names_say() {
    let output = run(&["replay", "events/invalid", "--json"]).await;
    assert_eq!(output.code, 0, "{}", output.stderr);
    let files = std::fs::read_dir(crate::support::root().join("events/invalid")).unwrap().count();
    assert_eq!(output.records().len(), files);
    for record in output.records() {
        let binary = name(&record).trim_start_matches("invalid/").split('.').next().unwrap().to_owned();
        let function = format!("{}{}Function", binary[..1].to_uppercase(), &binary[1..]);
        assert_eq!(record["function"], function, "{record}");
    }
}

#[tokio::test]
async fn a_table_has_a_line_for_each_event() {
    let mut without_a_route = order(&json!({ "answer": { "statusCode": 418, "body": "a teapot" } }));
    without_a_route["requestContext"]["routeKey"] = Value::Null;
    let folder = folder("table", &[("a.json", &order(&json!("pid"))), ("probe.b.json", &without_a_route)]);
    let output = run(&[&["replay", &folder], &PROBE[..]].concat()).await;
    assert_eq!(output.code, 0, "{}", output.stderr);
    let lines: Vec<Vec<_>> = output.stdout.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(lines[0], ["FILE", "ROUTE", "STATUS", "BODY", "AND", "FRAMES"]);
    assert_eq!(lines[1][..3], [format!("{folder}/a.json").as_str(), "$default", "200"]);
    // An event that names no route is shown with its function.
    assert_eq!(lines[2], [format!("{folder}/probe.b.json").as_str(), "Probe", "418", "a", "teapot"]);
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn one_event_is_sent_by_route_logical_id_or_binary() {
    for recipient in ["hello", "HelloFunction"] {
        let output = run(&["invoke", recipient, "events/hello.json", "--json"]).await;
        assert_eq!(output.code, 0, "{}", output.stderr);
        let [record] = &output.records()[..] else { panic!("{}", output.stdout) };
        assert_eq!(record["function"], "HelloFunction");
        assert_eq!(record["frames"], json!(["Hello from hello. You connected at: 1762426800123"]));
    }
    // No route has this key.
    let output = run(&["invoke", "connect", "events/connect.json"]).await;
    assert_eq!((output.code, output.stdout.as_str()), (0, "200\nConnected\n"), "{}", output.stderr);
}

#[tokio::test]
async fn an_event_may_come_from_standard_input() {
    let event = json!({ "body": r#"{"do":{"answer":{"statusCode":299,"body":"{\"a\":1}"}}}"# });
    let output = run_with(&[&["invoke", "oneway", "-"], &PROBE[..]].concat(), &event.to_string()).await;
    assert_eq!((output.code, output.stdout.as_str()), (0, "299\n{\n  \"a\": 1\n}\n"), "{}", output.stderr);
}

#[tokio::test]
async fn after_a_function_that_fails_the_rest_is_sent_and_the_exit_code_is_1() {
    let refusal = json!({ "answer": { "statusCode": 418 } });
    let folder = folder(
        "failing_events",
        &[
            ("a.json", &order(&json!("fail"))),
            ("b.json", &order(&json!("exit"))),
            ("deeper/c.json", &order(&json!({ "answer": ["not an answer"] }))),
            ("deeper/d.json", &order(&refusal)),
        ],
    );
    let output = run(&[&["replay", &folder, "--json"], &PROBE[..]].concat()).await;
    assert_eq!(output.code, 1, "{}", output.stderr);
    let records = output.records();
    for (record, said) in records.iter().zip(["as told", "exit status: 3", "malformed"]) {
        assert!(record["error"].as_str().unwrap().contains(said), "{record}");
        assert_eq!(record["answer"], Value::Null, "{record}");
    }
    assert_eq!(records[3]["answer"], json!({ "statusCode": 418 }));
    assert_eq!(records.len(), 4);
}

#[tokio::test]
async fn an_unknown_name_is_2_and_the_error_lists_the_known_ones() {
    let output = run(&["invoke", "helo", "events/hello.json", "--json"]).await;
    assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{}", output.stderr);
    for said in [
        "`helo`",
        "$connect, $default, $disconnect, hello, join, sendmessage",
        "SendmessageFunction (binary sendmessage)",
    ] {
        assert!(output.stderr.contains(said), "no {said}: {}", output.stderr);
    }
}

#[tokio::test]
async fn a_binary_that_only_its_crate_names_is_a_name_too() {
    let folder = folder("one_binary", &[("only.json", &json!({}))]);
    let write = |file: &str, text: &str| std::fs::write(Path::new(&folder).join(file), text).unwrap();
    write(
        "Cargo.toml",
        "[package]\nname = 'only'\nedition = '2024'\n[[bin]]\nname = 'only'\npath = 'only.rs'\n[workspace]\n",
    );
    write("only.rs", "fn main() {}");
    let template = "Transform: AWS::Serverless-2016-10-31\nResources:\n  Ws:\n    Type: AWS::Serverless::WebSocketApi\n    \
        Properties:\n      RouteSelectionExpression: $request.body.action\n      Routes:\n        \
        $default: { FunctionArn: !GetAtt Hello.Arn }\n  Hello:\n    Type: AWS::Serverless::Function\n    \
        Properties: { Runtime: provided.al2023, Handler: bootstrap, CodeUri: . }\n";
    write("template.yaml", template);
    let output = run(&["replay", &folder, "--json", "--template", &format!("{folder}/template.yaml")]).await;
    let [record] = &output.records()[..] else { panic!("{}{}", output.stdout, output.stderr) };
    assert_eq!(record["function"], "Hello");
    // It ends without asking for an event.
    assert_eq!(output.code, 1, "{}", output.stderr);
}

#[tokio::test]
async fn after_an_event_for_an_unknown_route_the_rest_is_sent_and_the_exit_code_is_2() {
    let mut event = order(&json!({ "answer": { "statusCode": 418 } }));
    let good = event.clone();
    event["requestContext"]["routeKey"] = "nowhere".into();
    let folder =
        folder("events_for_unknown_routes", &[("lost.json", &event), ("z.json", &good), ("probe.x.json", &event)]);
    let output = run(&[&["replay", &folder, "--json"], &PROBE[..]].concat()).await;
    assert_eq!(output.code, 2, "{}", output.stderr);
    let records = output.records();
    assert!(records[0]["error"].as_str().unwrap().contains("no route `nowhere`"), "{}", records[0]);
    // The name of its file is that of a binary.
    assert_eq!((&records[1]["function"], &records[1]["answer"]["statusCode"]), (&json!("Probe"), &json!(418)));
    assert_eq!(records[2]["routeKey"], "$default");
}

#[tokio::test]
async fn a_file_that_is_not_an_event_is_2_with_the_place_of_the_fault() {
    let output = run_with(&["invoke", "hello", "-"], "{\n  \"body\": hello\n}").await;
    assert_eq!(output.code, 2, "{}", output.stderr);
    assert!(output.stderr.contains("standard input:2:11: this is not JSON"), "{}", output.stderr);

    let cases = [
        (vec!["replay", "events", "README.md"], "README.md:1:1: this is not JSON"),
        (vec!["invoke", "hello", "Cargo.toml"], "Cargo.toml:1:2: this is not JSON"),
        (vec!["invoke", "hello", "events/nothing.json"], "events/nothing.json can't be read"),
        (vec!["replay", "tests/support"], "no file *.json in tests/support"),
    ];
    for (arguments, said) in cases {
        let output = run(&arguments).await;
        assert_eq!((output.code, output.stdout.as_str()), (2, ""), "{arguments:?}: {}", output.stderr);
        assert!(output.stderr.contains(said), "{arguments:?}: {}", output.stderr);
    }
}

/// More frames than are buffered for a client that reads slowly.
const MANY_FRAMES: usize = 100;

#[tokio::test]
async fn every_frame_is_reported_and_so_is_a_close() {
    let gateway = probe().await;
    let gate = Gate::new().await;
    let event = SampleEvent::parse("many.json", order(&gate.order()).to_string()).unwrap();
    let url = connection_url(&gateway, CONNECTION_ID);
    let posting = async {
        let visitor = gate.visitor().await;
        for number in 0..MANY_FRAMES {
            assert_eq!(post(&url, "POST", &number.to_string()).await, 200);
        }
        assert_eq!(post(&url, "DELETE", "").await, 204);
        drop(visitor);
    };
    let (replayed, ()) = tokio::join!(gateway.replay("Probe", &event), posting);
    assert_eq!(replayed.answer.unwrap().status, 200);
    assert_eq!(replayed.frames, (0..MANY_FRAMES).map(|number| number.to_string()).collect::<Vec<_>>());
    assert!(replayed.closed);
    gateway.stop().await;
}

#[tokio::test]
async fn ctrl_c_ends_it_with_1_and_ends_the_function() {
    let gate = Gate::new().await;
    let folder = folder("a_long_event", &[("long.json", &order(&gate.order()))]);
    let mut child = gateway(&[&["replay", &folder], &PROBE[..]].concat()).spawn().unwrap();
    let mut visitor = gate.visitor().await;
    signal(&child, Signal::INT);
    assert_eq!(end(&mut child).await.code(), Some(1));
    // The function waits for the gate, so it hangs up only when it is killed.
    assert_eq!(in_time("the end of the function", visitor.read(&mut [0])).await.unwrap_or_default(), 0);
}

#[tokio::test]
async fn recorded_events_can_be_replayed_and_contain_no_secrets_of_the_handshake() {
    let folder = folder("recorded", &[("000007.earlier.json", &order(&json!("pid")))]);
    let gateway = start(options("tests/templates/probe.yaml").record(&folder)).await;
    let url = format!("{}?token=t0ps3cret&room=7", gateway.url());
    let mut client = Client::try_connect(&url, &[("authorization", "Bearer t0ps3cret")]).await.unwrap();
    client.send("hello").await;
    client.hear().await;
    client.close(None).await;
    gateway.stop().await;

    let events = SampleEvent::read_all(&[folder.clone().into()]).unwrap();
    let names = events.iter().map(|event| event.path().file_name().unwrap().to_str().unwrap());
    let expected = ["000008.connect.json", "000007.earlier.json", "000009.default.json", "000010.disconnect.json"];
    assert_eq!(names.collect::<Vec<_>>(), expected);
    let connect: Value = serde_json::from_slice(events[0].json()).unwrap();
    assert_eq!(connect["queryStringParameters"], json!({ "room": "7", "token": "***" }));
    assert_eq!(connect["headers"]["Authorization"], "***");
    assert!(!events.iter().any(|event| String::from_utf8_lossy(event.json()).contains("t0ps3cret")));

    let output = run(&[&["replay", "--json", &folder], &PROBE[..]].concat()).await;
    assert_eq!(output.code, 0, "{}", output.stderr);
    assert_eq!(output.statuses().len(), 4);
    assert!(output.statuses().iter().all(|(_, status)| status == 200), "{}", output.stdout);
}

#[tokio::test]
async fn the_stopping_gateway_still_tells_of_an_event_that_it_could_not_record() {
    let folder = folder("recorded_nowhere", &[("000001.earlier.json", &json!({}))]);
    let options = options("tests/templates/probe.yaml").record(&folder);
    let (gateway, mut happenings) = Gateway::start_with_happenings(options, Level::Error).await.unwrap();
    let client = Client::connect(&gateway, "").await;
    std::fs::remove_dir_all(&folder).unwrap();
    gateway.stop().await;
    drop(client);

    let mut told = Vec::new();
    while let Some(happening) = happenings.next().await {
        told.push(happening.what.to_string());
    }
    let about_disconnect = told.iter().find(|line| line.contains("disconnect.json"));
    assert!(about_disconnect.is_some_and(|line| line.starts_with("an event could not be recorded: ")), "{told:?}");
}
