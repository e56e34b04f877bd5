//! The timeline: what happened, why, and the same once more.

use std::time::Duration;

use super::{click_row, look, with_console};
use crate::support::{Browser, Client, options, order};

#[tokio::test]
async fn a_person_learns_why_a_message_was_forbidden_and_sends_it_again_corrected() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("tests/templates/no_default.yaml")).await;
    let mut client = Client::connect(&gateway, "").await;
    client.send(r#"{"action":"knwon","text":"hi"}"#).await;
    assert_eq!(client.hear_json().await["message"], "Forbidden");
    // Only now: what went wrong is there all the same.
    look(&browser, &url).await;
    click_row(&browser, "Forbidden: ").await;
    browser.see("#detail .why", "`$request.body.action` is `knwon`, which is not a route").await;
    browser.see("#detail .why", "the only route is `known`").await;
    browser.click("#detail button", "Send again…").await;
    browser.see("#composer textarea", "knwon").await;
    browser.enter("#composer textarea", r#"{"action":"known","text":"hi"}"#).await;
    browser.click("#composer button", "Send").await;
    let answer = client.hear_json().await;
    assert_eq!(answer["body"], r#"{"action":"known","text":"hi"}"#);
    browser.see("#diagram .row.in .label", r#"{"action":"known","text":"hi"}"#).await;
    browser.see("#diagram .row.answer .label", "200 in").await;
    // Whoever clicks the frame that their client got finds the same.
    client.send(r#"{"action":"knowm"}"#).await;
    client.hear().await;
    click_row(&browser, r#"{"message": "Forbidden""#).await;
    browser.see("#detail .why", "`knowm`, which is not a route").await;
    browser.press("r").await;
    browser.see("#composer textarea", "knowm").await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_message_leads_to_its_event_its_answer_and_what_went_wrong() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    look(&browser, &url).await;
    let mut client = Client::connect(&gateway, &order(&serde_json::json!("measure"))).await;
    client.send(r#"{"do":[{"print":[104,105,10]},{"fail-with":"no luck"}]}"#).await;
    assert_eq!(client.hear_json().await["message"], "Internal server error");
    browser.see("#diagram .row.log .label", "hi").await;
    click_row(&browser, r#"{"message": "Internal server error"#).await;
    browser.see("#detail .why", "no luck").await;
    browser.click("#detail .related button", "$default").await;
    browser.see("#detail .payload pre", "messageDirection").await;
    browser.see("#detail dd", "Probe").await;
    browser.click("#detail dd button", "Probe").await;
    browser.see("#find", "function:Probe").await;
    browser.until("() => !document.querySelector('#diagram .row.in:not([hidden])')", &[]).await;

    browser.click("#detail button", "Invoke again…").await;
    browser.see("#composer textarea", "no luck").await;
    browser.enter("#composer textarea", r#"{"body":"{\"do\":\"measure\"}"}"#).await;
    browser.click("#composer button", "Send").await;
    browser.see("#composer .result pre", r#""16""#).await;
    gateway.stop().await;
}

/// A message that goes through a queue has a lane of the queue on its way, and the lane's name filters.
#[tokio::test]
async fn a_queue_has_a_lane() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("tests/templates/queues.yaml")).await;
    look(&browser, &url).await;
    let mut client = Client::connect(&gateway, "").await;
    client.send(r#"{"do":{"enqueue":"for the worker"}}"#).await;
    client.hear().await;
    browser.see("#diagram .row.post .label", "for the worker").await;
    browser.see("#diagram .row.call .label", "1 message to Worker").await;
    browser.click("button.head.q", "templates-Jobs").await;
    browser.see("#find", "queue:templates-Jobs").await;
    browser.until("() => !document.querySelector('#diagram .row.in:not([hidden])')", &[]).await;
    browser.see("#diagram .row.post .label", "for the worker").await;
    gateway.stop().await;
}

/// A thousand happenings a second, for some seconds. There are never more rows than can be seen, and the page goes on drawing.
#[tokio::test]
async fn it_stays_live_under_load() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("tests/templates/no_default.yaml")).await;
    look(&browser, &url).await;
    let mut client = Client::connect(&gateway, "").await;
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..200 {
        tick.tick().await;
        // Each is received, refused and answered.
        for _ in 0..4 {
            client.send("not JSON").await;
        }
        for _ in 0..4 {
            client.hear().await;
        }
    }
    client.send("the last one").await;
    browser.see("#diagram .row.in .label", "the last one").await;
    let rows = browser.until("() => document.querySelectorAll('#diagram .row').length", &[]).await;
    assert!(rows.as_u64().unwrap() < 100, "{rows}");
    browser.press("g").await;
    browser.see("#diagram .row .label", "connect from").await;
    browser.see("#kept", "2,40").await;
    gateway.stop().await;
}
