//! The console: its API, and its page in a real browser. Where Chromium is missing, the tests of the page are skipped, and say so.

mod api;
mod asking;
mod clock;
mod connections;
mod faults;
mod json;
mod page;
mod pictures;
mod timeline;

use websocket_gateway::{ConsoleAccess, Gateway, Options};

use crate::support::{Browser, start};

/// A gateway with its console, whose address goes with it.
async fn with_console(options: Options) -> (Gateway, String) {
    let gateway = start(options.console(ConsoleAccess::Local)).await;
    let url = gateway.console_url().unwrap();
    (gateway, url)
}

/// Opens the page, and waits until it is told what happens.
async fn look(browser: &Browser, url: &str) {
    browser.open(url).await;
    browser.see(".state.on", "live").await;
}

/// Clicks a row of the timeline.
async fn click_row(browser: &Browser, text: &str) {
    browser.click("#diagram .row .label", text).await;
    browser.see(".row.selected .label", text).await;
}
