//! Faults: what is to go wrong does, says that it was by hand, and ends.

use serde_json::{Value, json};
use websocket_gateway::InvocationResult;

use super::asking::{Stream, ask};
use super::{click_row, look, with_console};
use crate::support::{Browser, Client, Refused, connection_url, http_with_body, in_time, options, order, post};

async fn begin(url: &str, fault: Value) -> Value {
    let (status, answer) = ask(url, "POST", "faults", &fault.to_string()).await;
    assert_eq!(status, 201, "{fault}: {answer}");
    serde_json::from_str(&answer).unwrap()
}

async fn set(url: &str) -> Vec<String> {
    let (_, answer) = ask(url, "GET", "faults", "").await;
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!((&answer["most"], &answer["longestDelayMs"]), (&json!(32), &json!(29_000)));
    answer["faults"].as_array().unwrap().iter().map(|fault| fault["text"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_function_is_slow_fails_or_is_throttled_and_says_that_it_was_by_hand() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    let mut stream = Stream::of(&url, None).await;
    stream.next().await;
    let mut client = Client::connect(&gateway, "").await;
    stream.next_of("invoked").await;
    let event = r#"{"body":"{\"do\":\"measure\"}"}"#;
    let invoke = format!("{}/2015-03-31/functions/Probe/invocations", gateway.lambda_url());
    let invoke = async || http_with_body(&invoke, "POST", "", event).await;

    let slow = begin(&url, json!({ "kind": "slow", "function": "Probe", "ms": 30 })).await;
    let (_, began) = stream.next_of("faultBegan").await;
    assert_eq!((&began["byHand"], &began["function"]), (&json!(true), &json!("Probe")));
    assert_eq!(began["fault"], "Probe takes 30 ms longer");
    client.send(r#"{"do":"measure"}"#).await;
    assert_eq!(client.hear().await, "16");
    let (_, invoked) = stream.next_of("invoked").await;
    assert!(invoked["byHand"] == true && invoked["tookMs"].as_f64().unwrap() >= 30.0, "{invoked}");
    assert_eq!(ask(&url, "DELETE", &format!("faults/{}", slow["id"]), "").await.0, 204);

    begin(&url, json!({ "kind": "failing", "function": "Probe", "once": true })).await;
    client.send(r#"{"do":"measure"}"#).await;
    assert_eq!(client.hear_json().await["message"], "Internal server error");
    let (_, invoked) = stream.next_of("invoked").await;
    assert!(invoked["byHand"] == true && invoked["result"] == "failed", "{invoked}");
    assert_eq!(set(&url).await, [""; 0]);

    begin(&url, json!({ "kind": "failing", "function": "Probe" })).await;
    let (status, head, payload) = invoke().await;
    assert!(status == 200 && head.contains("x-amz-function-error: unhandled"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(&payload).unwrap()["errorType"], "Fault");

    begin(&url, json!({ "kind": "throttled", "function": "Probe" })).await;
    assert_eq!(invoke().await.0, 429);
    client.send(r#"{"do":"measure"}"#).await;
    assert_eq!(client.hear_json().await["message"], "Internal server error");
    assert_eq!(set(&url).await, ["Probe fails", "Probe is throttled"]);

    assert_eq!(ask(&url, "DELETE", "faults", "").await.0, 204);
    client.send(r#"{"do":"measure"}"#).await;
    assert_eq!(client.hear().await, "16");
    loop {
        let (_, invoked) = stream.next_of("invoked").await;
        if invoked["result"] == "answered" {
            assert!(invoked["byHand"].is_null(), "{invoked}");
            break;
        }
    }
    drop(stream);
    gateway.stop().await;
}

/// Nothing else removes what `$connect` has stored, so it is never left out.
#[tokio::test]
async fn a_disconnect_waits_while_its_function_is_throttled() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    let mut invocations = gateway.invocations();
    let client = Client::connect(&gateway, "").await;
    begin(&url, json!({ "kind": "throttled", "function": "Probe" })).await;
    client.close(None).await;
    let mut stream = Stream::of(&url, None).await;
    stream.next_of("faultBegan").await;
    ask(&url, "DELETE", "faults", "").await;
    let disconnect = in_time("$disconnect", invocations.next_of("$disconnect")).await.unwrap();
    assert_eq!(disconnect.result, InvocationResult::Status(200));
    drop(stream);
    gateway.stop().await;
}

#[tokio::test]
async fn posts_are_refused_to_all_or_to_one() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    let mut stream = Stream::of(&url, None).await;
    let (mut one, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let (_other, other_id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let (one_url, other_url) = (connection_url(&gateway, &id), connection_url(&gateway, &other_id));
    begin(&url, json!({ "kind": "posts", "status": 410, "connectionId": id })).await;
    assert_eq!((post(&one_url, "POST", "lost").await, post(&other_url, "POST", "hi").await), (410, 200));
    // Only posts.
    assert_eq!(post(&one_url, "GET", "").await, 200);
    let (_, posted) = stream.next_of("posted").await;
    assert!(posted["byHand"] == true && posted["status"] == 410, "{posted}");
    begin(&url, json!({ "kind": "posts", "status": 429 })).await;
    assert_eq!(post(&other_url, "POST", "lost").await, 429);
    ask(&url, "DELETE", "faults", "").await;
    assert_eq!(post(&one_url, "POST", "at last").await, 200);
    assert_eq!(one.hear().await, "at last");
    drop(stream);
    gateway.stop().await;
}

#[tokio::test]
async fn a_handshake_is_refused_once_or_until_the_fault_ends() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    begin(&url, json!({ "kind": "handshakes", "status": 503, "once": true })).await;
    let connect = async || Client::try_connect(&gateway.url(), &[]).await.map(drop);
    assert_eq!(connect().await, Err(Refused(503)));
    assert_eq!(connect().await, Ok(()));
    begin(&url, json!({ "kind": "handshakes", "status": 401 })).await;
    for _ in 0..2 {
        assert_eq!(connect().await, Err(Refused(401)));
    }
    let mut stream = Stream::of(&url, None).await;
    let (_, refused) = stream.next_of("refused").await;
    assert!(refused["byHand"] == true && refused["connectionId"].is_string(), "{refused}");
    drop(stream);
    gateway.stop().await;
}

#[tokio::test]
async fn a_process_is_killed_and_the_next_message_gets_another() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    let mut stream = Stream::of(&url, None).await;
    stream.next().await;
    let mut client = Client::connect(&gateway, "").await;
    // A process that has not asked again yet might get company.
    stream.next_of("report").await;
    let pid = async |client: &mut Client| {
        client.send(r#"{"do":"pid"}"#).await;
        client.hear().await
    };
    let first = pid(&mut client).await;
    stream.next_of("report").await;
    client.send(r#"{"do":{"sleep":60000}}"#).await;
    stream.next_of("start").await;
    let (status, killed) = ask(&url, "DELETE", "functions/Probe/processes", "").await;
    assert_eq!((status, killed.as_str()), (200, r#"{"processes":1}"#));
    assert_eq!(client.hear_json().await["message"], "Internal server error");
    let (_, killed) = stream.next_of("processesKilled").await;
    assert_eq!((&killed["byHand"], &killed["processes"]), (&json!(true), &json!(1)));
    let (_, invoked) = stream.next_of("invoked").await;
    assert!(invoked["byHand"] == true && invoked["result"] == "failed", "{invoked}");
    assert_ne!(pid(&mut client).await, first);
    assert_eq!(ask(&url, "DELETE", "functions/Nobody/processes", "").await.0, 404);
    drop(stream);
    gateway.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_read_is_told_of_it_by_429_and_loses_nothing() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    begin(&url, json!({ "kind": "notReading", "connectionId": id })).await;
    let connection = connection_url(&gateway, &id);
    let mut posted = 0;
    in_time("a full outbox", async {
        while post(&connection, "POST", &posted.to_string()).await == 200 {
            posted += 1;
        }
    })
    .await;
    assert!(posted > 100, "{posted}");
    assert_eq!(set(&url).await, [format!("{id} does not read")]);
    ask(&url, "DELETE", "faults", "").await;
    for n in 0..posted {
        assert_eq!(client.hear().await, n.to_string());
    }
    // It ends with its connection.
    begin(&url, json!({ "kind": "notReading", "connectionId": id })).await;
    let mut stream = Stream::of(&url, None).await;
    stream.next().await;
    client.close(None).await;
    stream.next_of("faultEnded").await;
    assert_eq!(set(&url).await, [""; 0]);
    drop(stream);
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_not_a_fault_is_refused_with_a_reason() {
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    for (fault, status, why) in [
        ("", 400, "not a JSON object"),
        ("[]", 400, "not a JSON object"),
        (r#"{"kind":"rain"}"#, 400, "unknown variant `rain`"),
        (r#"{"kind":"slow","function":"Probe","ms":29001}"#, 400, "write 1 to 29000 ms"),
        (r#"{"kind":"slow","function":"Probe","ms":1,"once":1}"#, 400, "`once` is true or false"),
        (r#"{"kind":"failing","function":"Nobody"}"#, 404, "no function with the logical id Nobody"),
        (r#"{"kind":"notReading","connectionId":"L0SM9cOFvHcCIhw="}"#, 410, ""),
        (r#"{"kind":"notReading","connectionId":"no!"}"#, 400, "not a valid connection id"),
    ] {
        let (found, text) = ask(&url, "POST", "faults", fault).await;
        assert!(found == status && text.contains(why), "{fault}: {found} {text}");
    }
    for id in ["faults/0", "faults/x"] {
        assert_eq!(ask(&url, "DELETE", id, "").await.0, 404, "{id}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_person_sets_a_fault_sees_what_it_does_and_ends_it() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    look(&browser, &url).await;
    let mut client = Client::connect(&gateway, "").await;
    browser.press("4").await;
    browser.see("#faults .none", "No fault is set").await;
    browser.choose_option("#fault-kind", "failing").await;
    browser.choose_option("#fault-function", "Probe").await;
    browser.click("#faults button", "Begin").await;
    browser.see("#faults li", "Probe fails").await;
    browser.see("#fault-banner", "Set by hand: Probe fails").await;
    client.send(r#"{"do":"measure"}"#).await;
    assert_eq!(client.hear_json().await["message"], "Internal server error");
    browser.press("1").await;
    browser.see("#diagram .row.by-hand .label", "fault set by hand: Probe fails").await;
    click_row(&browser, "by hand: failed in").await;
    browser.see("#detail .made", "By hand").await;
    browser.see("#detail .why", "it was made to fail").await;
    // The key ends it wherever one is.
    browser.press("x").await;
    browser.see("#diagram .row .label", "fault ended: Probe fails").await;
    browser.until("() => document.querySelector('#fault-banner').hidden", &[]).await;
    client.send(r#"{"do":"measure"}"#).await;
    assert_eq!(client.hear().await, "16");

    browser.press("4").await;
    browser.choose_option("#fault-kind", "slow").await;
    browser.enter("#fault-ms", "30").await;
    browser.choose_option("#fault-once", "once").await;
    browser.click("#faults button", "Begin").await;
    browser.see("#faults li", "Probe takes 30 ms longer, the next time only").await;
    client.send(r#"{"do":"measure"}"#).await;
    assert_eq!(client.hear().await, "16");
    browser.see("#faults .none", "No fault is set").await;
    browser.choose_option("#fault-kind", "kill").await;
    browser.click("#faults button", "Kill").await;
    browser.see("#faults .done", "of Probe killed").await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_client_is_kept_from_reading_in_the_list_of_connections() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    let mut client = Client::connect(&gateway, &order(&json!("measure"))).await;
    look(&browser, &url).await;
    browser.press("2").await;
    browser.click("#connections td button", "Rows…").await;
    browser.see("#rows", "No row of the template").await;
    browser.press("\u{e00c}").await;
    browser.click("#connections td button", "Stop reading").await;
    browser.see("#fault-banner", "does not read").await;
    client.send(r#"{"do":"measure"}"#).await;
    browser.press("1").await;
    browser.see("#diagram .row.answer .label", "200 in").await;
    browser.press("2").await;
    browser.click("#connections td button", "Read again").await;
    assert_eq!(client.hear().await, "16");
    browser.see("#connections td button", "Stop reading").await;
    gateway.stop().await;
}
