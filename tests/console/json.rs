//! `--json`: what happens, for programs.

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::ChildStdout;

use crate::support::{Client, end, gateway, in_time, signal};

const JSON: [&str; 5] = ["--json", "--template", "tests/templates/no_default.yaml", "--port", "0"];

async fn next_of(lines: &mut Lines<BufReader<ChildStdout>>, what: &str) -> Value {
    loop {
        let line = lines.next_line().await.unwrap().unwrap_or_else(|| panic!("no {what}"));
        let happening: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(happening["at"].is_u64() && happening["text"].is_string(), "{line}");
        if happening["what"] == what {
            return happening;
        }
    }
}

#[tokio::test]
async fn standard_output_is_json_from_the_first_line_to_the_last() {
    let mut program = gateway(&JSON).spawn().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    // Until then it builds, which takes as long as it takes.
    let serving = next_of(&mut lines, "serving").await;
    let url = serving["url"].as_str().unwrap();
    let mut client = Client::try_connect(url, &[]).await.unwrap();
    client.send(r#"{"action":"helo"}"#).await;
    let frame = client.hear_json().await;
    let refusal = in_time("the refusal", next_of(&mut lines, "noRoute")).await;
    assert_eq!(refusal["requestId"], frame["requestId"]);
    assert_eq!(refusal["message"], r#"{"action":"helo"}"#);
    assert_eq!(
        refusal["why"],
        "`$request.body.action` is `helo`, which is not a route, and there is no $default; the only route is `known`"
    );
    client.send(r#"{"action":"known"}"#).await;
    client.hear().await;
    let event = in_time("the event", next_of(&mut lines, "event")).await;
    assert_eq!(event["event"]["body"], r#"{"action":"known"}"#);
    let invoked = in_time("the invocation", next_of(&mut lines, "invoked")).await;
    assert_eq!((&invoked["requestId"], &invoked["status"]), (&event["requestId"], &json!(200)));
    client.close(None).await;
    in_time("the close", next_of(&mut lines, "closed")).await;

    signal(&program, Signal::INT);
    while let Some(line) = in_time("the last line", lines.next_line()).await.unwrap() {
        serde_json::from_str::<Value>(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
    }
    let mut told = String::new();
    in_time("standard error", program.stderr.take().unwrap().read_to_string(&mut told)).await.unwrap();
    assert_eq!(end(&mut program).await.code(), Some(0));
    assert!(told.contains(&format!("Connect to {url}")) && told.contains("Stopping."), "{told}");
}

#[tokio::test]
async fn a_program_that_reads_no_more_does_not_end_the_gateway() {
    let mut program = gateway(&JSON).spawn().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let serving = next_of(&mut lines, "serving").await;
    drop(lines);
    let mut client = Client::try_connect(serving["url"].as_str().unwrap(), &[]).await.unwrap();
    for _ in 0..3 {
        client.send(r#"{"action":"known"}"#).await;
        client.hear().await;
    }
    signal(&program, Signal::INT);
    assert_eq!(end(&mut program).await.code(), Some(0));
}
