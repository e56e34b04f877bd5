//! `--clock manual`: time stands still until the console moves it.

use rustix::process::Signal;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, BufReader};

use super::asking::ask;
use crate::support::{Client, end, gateway, in_time, signal};

#[tokio::test]
async fn time_stands_still_until_it_is_moved() {
    let arguments = ["--clock", "manual", "--template", "tests/templates/probe.yaml", "--port", "0"];
    let mut program = gateway(&arguments).spawn().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let mut told = Vec::new();
    while !told.last().is_some_and(|line: &String| line.starts_with("Press Ctrl-C")) {
        // Until then it builds, which takes as long as it takes.
        told.push(lines.next_line().await.unwrap().expect("the gateway did not start"));
    }
    let after = |start| told.iter().find_map(|line| line.strip_prefix(start)).unwrap_or_else(|| panic!("{told:?}"));
    let (address, console) = (after("Connect to "), after("Console: "));
    after("Time stands still until the console moves it");

    let now = async || {
        let (_, json) = ask(console, "GET", "gateway", "").await;
        let gateway: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(gateway["clockStands"], true);
        gateway["now"].as_u64().unwrap()
    };
    let start = now().await;
    let mut client = Client::try_connect(address, &[]).await.unwrap();
    client.send(r#"{"do":"measure"}"#).await;
    client.hear().await;
    assert_eq!(now().await, start);
    assert_eq!(ask(console, "POST", "clock", "600000").await.0, 204);
    assert_eq!(now().await, start + 600_000);
    assert_eq!(client.hear_close().await.0, 1001);
    signal(&program, Signal::INT);
    assert_eq!(end(&mut program).await.code(), Some(0));
}

#[tokio::test]
async fn somebody_must_be_able_to_move_it() {
    for other in ["--no-console", "--strict"] {
        let output = in_time("the end", gateway(&["--clock", "manual", other]).output()).await.unwrap();
        assert_eq!(output.status.code(), Some(2), "{other}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("cannot be used with"), "{output:?}");
    }
}
