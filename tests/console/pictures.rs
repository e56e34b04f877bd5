//! The pictures in the guide, made anew: `cargo test -p system-tests console::pictures -- --ignored`.

use std::path::Path;

use super::{click_row, look, with_console};
use crate::support::{Browser, Client, options, root};

/// More would be slow to load on GitHub.
const MOST_BYTES: usize = 200 * 1024;

async fn save(browser: &Browser, name: &str) {
    let picture = browser.picture().await;
    assert!(picture.len() < MOST_BYTES, "{name} has {} bytes", picture.len());
    let folder = match std::env::var("PICTURES") {
        Ok(folder) => Path::new(&folder).to_owned(),
        Err(_) => root().join("crates/websocket-gateway/docs"),
    };
    std::fs::write(folder.join(format!("console-{name}.png")), picture).unwrap();
}

#[tokio::test]
#[ignore = "it writes files of the repository, and needs Chromium"]
async fn the_guide_has_new_pictures() {
    let browser = Browser::start().await.expect("chromium and chromedriver");
    let (gateway, url) = with_console(options("template.yaml")).await;
    browser.prefer("light").await;
    look(&browser, &url).await;
    let mut alice = Client::connect(&gateway, "").await;
    let mut bob = Client::connect(&gateway, "").await;
    alice.send(r#"{"action":"join","name":"Alice"}"#).await;
    alice.hear().await;
    bob.hear().await;
    bob.send(r#"{"action":"sendmessage","data":"good morning"}"#).await;
    alice.hear().await;
    bob.hear().await;
    browser.enter("#find", "-what:start,end,storecalled,report").await;
    click_row(&browser, r#"{"action":"sendmessage"#).await;
    browser.see("#detail .related", "200 in").await;
    browser.until("() => document.activeElement.blur() ?? true", &[]).await;
    save(&browser, "timeline").await;
    browser.prefer("dark").await;
    save(&browser, "timeline-dark").await;
    browser.prefer("light").await;

    browser.press("4").await;
    browser.choose_option("#fault-kind", "failing").await;
    browser.choose_option("#fault-function", "HelloFunction").await;
    browser.click("#faults button", "Begin").await;
    browser.see("#fault-banner", "HelloFunction fails").await;
    save(&browser, "faults").await;
    alice.send(r#"{"action":"hello"}"#).await;
    alice.hear().await;
    browser.press("1").await;
    click_row(&browser, "by hand: failed in").await;
    browser.see("#detail .why", "it was made to fail").await;
    browser.until("() => document.activeElement.blur() ?? true", &[]).await;
    save(&browser, "fault").await;
    browser.press("x").await;
    browser.until("() => document.querySelector('#fault-banner').hidden", &[]).await;

    browser.press("2").await;
    browser.see("#connections td", "127.0.0.1").await;
    save(&browser, "connections").await;

    browser.press("3").await;
    browser.click("#clients form button", "Connect a client").await;
    browser.see(".card.open h2", "Client 1").await;
    browser.enter(".card textarea", r#"{"action":"hello"}"#).await;
    browser.press("\u{e007}").await;
    browser.see(".card .talk li.in", "Hello from hello").await;
    browser.click("#clients form button", "Connect a client").await;
    browser.see(".card.open h2", "Client 2").await;
    browser.enter(".card:last-child textarea", r#"{"action":"sendmessage","data":"hi all"}"#).await;
    browser.press("\u{e007}").await;
    browser.see(".card:first-child .talk li.in", "hi all").await;
    save(&browser, "clients").await;
    gateway.stop().await;

    let (gateway, url) = with_console(options("tests/templates/no_default.yaml")).await;
    look(&browser, &url).await;
    let mut client = Client::connect(&gateway, "").await;
    client.send(r#"{"action":"knwon","text":"hi"}"#).await;
    client.hear().await;
    click_row(&browser, "Forbidden: `").await;
    browser.see("#detail .why", "is not a route").await;
    save(&browser, "forbidden").await;
    gateway.stop().await;
}
