//! The other two views: the open connections, and clients of the page itself.

use super::{look, with_console};
use crate::support::{Browser, Client, in_time, options};

const ENTER: &str = "\u{e007}";

#[tokio::test]
async fn a_connection_is_posted_to_closed_and_cut() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    look(&browser, &format!("{}?view=connections#{}", url.split('#').next().unwrap(), url.split('#').nth(1).unwrap()))
        .await;
    browser.see("#connections td .id", &id).await;
    browser.see("#connections td.clock", "1:5").await;
    browser.see("#connections td.clock", "9:").await;
    browser.click("#connections td button", "Post…").await;
    browser.enter("#composer textarea", "from the console").await;
    browser.click("#composer button", "Send").await;
    assert_eq!(client.hear().await, "from the console");
    browser.click("#connections td button", "Close").await;
    assert_eq!(client.hear_close().await.0, 1000);
    browser.see("#connections .empty", "No connection is open").await;

    let _cut = Client::connect(&gateway, "").await;
    browser.click("#connections td button", "Cut line").await;
    browser.press("1").await;
    browser.see("#diagram .row .label", "by hand: closed 1006").await;
    gateway.stop().await;
}

#[tokio::test]
async fn clients_of_the_page_talk_side_by_side() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("template.yaml")).await;
    look(&browser, &url).await;
    browser.press("3").await;
    for name in ["Client 1", "Client 2"] {
        browser.click("#clients form button", "Connect a client").await;
        browser.see(".card.open h2", name).await;
    }
    // Messages come from the sample events and the routes.
    browser.see(".card select", "sendmessage").await;
    browser.enter(".card:last-child textarea", r#"{"action":"sendmessage","data":"good morning"}"#).await;
    browser.press(ENTER).await;
    for card in ["first", "last"] {
        browser.see(&format!(".card:{card}-child .talk li.in"), "good morning").await;
    }
    browser.click(".card:first-child header button", "Close").await;
    browser.see(".card:first-child .state", "closed 1000").await;
    let mut invocations = gateway.invocations();
    gateway.stop().await;
    in_time("the end", async { while invocations.next().await.is_ok() {} }).await;
}
