//! The page as a whole: what a person is told first, keys, what is in the URL, and that nothing in a payload is HTML.

use super::{click_row, look, with_console};
use crate::support::{Browser, Client, options};

const ESCAPE: &str = "\u{e00c}";

#[tokio::test]
async fn without_the_token_it_says_what_to_do() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    browser.open(url.split('#').next().unwrap()).await;
    browser.see("#banner", "Open the address that the gateway has printed").await;
    look(&browser, &url).await;
    // The token is not in what a person copies, and a page that is loaded again still has it.
    let address = browser.until("() => location.href", &[]).await;
    assert!(!address.as_str().unwrap().contains(url.split('#').nth(1).unwrap()), "{address}");
    look(&browser, address.as_str().unwrap()).await;
    browser.see("#diagram .empty", "Nothing has happened yet").await;
    browser.see("#diagram .empty pre", &format!("npx wscat -c {}", gateway.url())).await;
    gateway.stop().await;
    browser.see("#banner", "The gateway does not answer").await;
}

#[tokio::test]
async fn everything_has_a_key_and_the_state_is_in_the_url() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("tests/templates/no_default.yaml")).await;
    look(&browser, &url).await;
    let mut client = Client::connect(&gateway, "").await;
    for message in [r#"{"action":"known","n":1}"#, r#"{"action":"known","n":2}"#, r#"{"action":"nope"}"#] {
        client.send(message).await;
        client.hear().await;
    }
    browser.see("#diagram .row .label", "nope").await;
    browser.press("2").await;
    browser.see("#connections td", "127.0.0.1").await;
    browser.press("3").await;
    browser.see("#clients .empty", "No client yet").await;
    browser.press("1").await;
    browser.press("/").await;
    browser.press("message.n:2").await;
    browser.until("() => document.querySelectorAll('#diagram .row:not([hidden])').length === 1", &[]).await;
    browser.see("#diagram .row .label", r#""n":2"#).await;
    browser.until("() => new URL(location).searchParams.get('find') === 'message.n:2'", &[]).await;
    // What a person sends to a colleague shows the same.
    let address = browser.until("() => location.href", &[]).await;
    look(&browser, address.as_str().unwrap()).await;
    browser.until("() => document.querySelectorAll('#diagram .row:not([hidden])').length === 1", &[]).await;
    browser.press("j").await;
    browser.see("#detail h2", "A message from a client").await;
    browser.press(ESCAPE).await;
    browser.until("() => document.querySelector('#detail').hidden", &[]).await;
    browser.press(ESCAPE).await;
    browser.see("#diagram .row .label", "nope").await;

    browser.press(" ").await;
    browser.see("#pause", "Go on").await;
    client.send(r#"{"action":"while paused"}"#).await;
    client.hear().await;
    browser.see("#kept", "new").await;
    let shown = "() => [...document.querySelectorAll('#diagram .row .label')].some(row => row.textContent.includes('while paused')) ? 'yes' : 'no'";
    assert_eq!(browser.until(shown, &[]).await, "no");
    browser.press(" ").await;
    browser.see("#diagram .row .label", "while paused").await;
    browser.press("?").await;
    browser.see("#help h2", "Keys").await;
    gateway.stop().await;
}

#[tokio::test]
async fn nothing_in_a_payload_is_html() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    look(&browser, &url).await;
    let evil = "<img src=x onerror=\"document.title='evil'\"><script>document.title='evil'</script>";
    let mut client = Client::connect(&gateway, "?%3Cimg%20src=x%3E").await;
    client.send(serde_json::json!({ "do": { "print": evil.as_bytes() }, "a": evil }).to_string()).await;
    client.hear().await;
    click_row(&browser, "<img src=x onerror").await;
    browser.see("#detail .payload pre", "<script>").await;
    browser.press("r").await;
    browser.see("#composer textarea", "<img").await;
    let elements = "() => String(document.querySelectorAll('img, script:not([src])').length + document.title)";
    let found = browser.until(elements, &[]).await;
    assert!(found.as_str().unwrap().starts_with('0') && !found.as_str().unwrap().contains("evil"), "{found}");
    client.close(Some((1000, evil))).await;
    gateway.stop().await;
}

#[tokio::test]
async fn what_is_exported_can_be_imported() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    look(&browser, &url).await;
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    let file = folder.join("happenings.ndjson");
    let line = r#"{"at":1762426800123,"level":"detail","what":"received","connectionId":"L0SM9cOFvHcCIhw=","message":"from a colleague","text":"received 16 bytes"}"#;
    std::fs::write(&file, format!("{line}\n")).unwrap();
    browser.choose("#file", &file).await;
    click_row(&browser, "from a colleague").await;
    browser.see("#kept", "from the file happenings.ndjson").await;
    // What the page would save is what was read.
    let exported = "() => { const make = URL.createObjectURL; let blob; URL.createObjectURL = (given) => { blob = given; return make(given); }; \
        document.querySelector('#export').click(); URL.createObjectURL = make; window.exported ??= blob.text().then((text) => { window.text = text; }); \
        return window.text; }";
    assert_eq!(browser.until(exported, &[]).await, format!("{line}\n"));
    std::fs::write(&file, "{}\n").unwrap();
    browser.choose("#file", &file).await;
    browser.see("#banner", "happenings.ndjson: line 1 has no").await;
    gateway.stop().await;
}

#[tokio::test]
async fn a_page_of_which_a_part_is_missing_says_so_and_starts_anew() {
    let Some(browser) = Browser::start().await else { return };
    let (gateway, url) = with_console(options("tests/templates/probe.yaml")).await;
    browser.block(Some("timeline.js")).await;
    browser.open(&url).await;
    browser.see("#banner", "A part of this page could not be loaded. It starts anew.").await;
    browser.block(None).await;
    browser.see(".state.on", "live").await;
    gateway.stop().await;
}
