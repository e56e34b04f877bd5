//! Doing what a row says, step by step.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::pattern::Places;
use super::row::{Close, Connect, Row, Seen, Sized, Step};
use super::target::Target;
use super::{call, handshake};
use crate::support::{Client, try_in_time};

/// A message that every API of the template takes, and whose answer is its event.
const SHOW_THE_EVENT: &str = r#"{"action":"twoway","room":{"name":"lobby"}}"#;

/// Does a row. `Err` says which step failed, and what was seen instead.
pub(crate) async fn run(row: &Row, target: &mut Target) -> Result<(), String> {
    let mut places = Places::default();
    places.set("host", target.host());
    places.set("domainName", target.host());
    target.begin();
    let mut run = Run { target, places, client: None, tag: String::new() };
    for (n, step) in row.steps.iter().enumerate() {
        run.places.turn();
        run.step(step).await.map_err(|why| format!("step {}: {why}", n + 1))?;
    }
    match run.client.take() {
        Some(client) => client.try_close(None).await.map_err(|why| format!("after the last step: {why}")),
        None => Ok(()),
    }
}

struct Run<'t> {
    target: &'t mut Target,
    places: Places,
    client: Option<Client>,
    /// By which the probe knows a handshake.
    tag: String,
}

impl Run<'_> {
    async fn step(&mut self, step: &Step) -> Result<(), String> {
        match step {
            Step::Connect(connect) => self.connect(connect).await,
            Step::Send(Value::String(text)) => self.send(text).await,
            Step::Send(message) => self.send(&message.to_string()).await,
            Step::SendSized(Sized { bytes, frames }) => {
                let text = sized(*bytes);
                self.client()?.try_send_in_frames(&text, *frames).await
            }
            Step::SendBinary(bytes) => self.client()?.try_send(Message::binary(bytes.clone())).await,
            Step::SendRaw(hex) => self.client()?.try_send_raw(&bytes(hex)).await,
            Step::Ping(text) => self.client()?.try_ping(text).await,
            Step::Hear(Value::String(text)) => self.hear(text).await,
            Step::Hear(expected) => self.hear_json(expected, false).await,
            Step::HearJson(expected) => self.hear_json(expected, true).await,
            Step::Identify => self.identify().await,
            Step::HearClose(close) => hear_close(self.leave()?, close).await,
            Step::Close(close) => self.leave()?.try_close(close.frame()).await,
            Step::Cut => self.leave().map(drop),
            Step::Seen(seen) => self.seen(seen).await,
            Step::SeenAtLast(seen) => try_in_time("what the probe will have seen", self.seen_at_last(seen)).await,
            Step::Ended(route_key) => try_in_time("the end of an invocation", self.target.ended(route_key)).await,
            Step::NeverSeen(what) => self.never_seen(what).await,
            Step::Call(call) => call::call(self.target, call, &mut self.places).await,
            Step::Differ([one, other]) if self.places.get(one) == self.places.get(other) => {
                Err(format!("{one} is {other}"))
            }
            Step::Differ(_) => Ok(()),
            Step::Advance(seconds) => {
                self.target.clock.advance(Duration::from_secs(*seconds));
                Ok(())
            }
        }
    }

    fn client(&mut self) -> Result<&mut Client, String> {
        self.client.as_mut().ok_or_else(|| "not connected".to_owned())
    }

    fn leave(&mut self) -> Result<Client, String> {
        self.client.take().ok_or_else(|| "not connected".to_owned())
    }

    async fn connect(&mut self, connect: &Connect) -> Result<(), String> {
        self.tag = new_tag();
        let url = url(&self.target.url, connect, &self.tag);
        self.client = handshake::connect(&url, connect, &mut self.places).await?;
        Ok(())
    }

    async fn send(&mut self, text: &str) -> Result<(), String> {
        let text = self.places.fill(text);
        self.client()?.try_send(Message::text(text)).await
    }

    async fn hear(&mut self, expected: &str) -> Result<(), String> {
        let heard = self.client()?.try_hear().await?;
        self.places.text(expected, &heard)
    }

    async fn hear_json(&mut self, expected: &Value, others: bool) -> Result<(), String> {
        let heard = self.client()?.try_hear().await?;
        let heard = serde_json::from_str(&heard).map_err(|error| format!("{error}: {heard}"))?;
        self.places.json(expected, &heard, others)
    }

    async fn identify(&mut self) -> Result<(), String> {
        self.send(SHOW_THE_EVENT).await?;
        let id = json!({ "requestContext": { "connectionId": "<connectionId>", "connectedAt": "<connectedAt>" } });
        self.hear_json(&id, true).await?;
        let id = self.places.get("connectionId").unwrap_or_default().to_owned();
        self.places.set("encodedId", id.replace('=', "%3D"));
        self.places.set("twiceEncodedId", id.replace('=', "%253D"));
        Ok(())
    }

    async fn seen(&mut self, expected: &Seen) -> Result<(), String> {
        let of = self.places.get("connectionId").unwrap_or(&self.tag);
        let seen = try_in_time("what the probe has seen", self.target.wait_for(of, &expected.what)).await?;
        if let Some(exactly) = &expected.is {
            self.places.json(exactly, &seen, false)?;
        }
        expected.has.as_ref().map_or(Ok(()), |fields| self.places.json(fields, &seen, true))
    }

    async fn seen_at_last(&mut self, expected: &Seen) {
        while self.seen(expected).await.is_err() {
            self.target.something_happened().await;
        }
    }

    async fn never_seen(&mut self, what: &str) -> Result<(), String> {
        let id = self.places.get("connectionId").ok_or("no <connectionId>")?.to_owned();
        let connected = handshake::connect(&self.target.url, &Connect::default(), &mut Places::default()).await?;
        let mut other = connected.unwrap();
        other.try_send(Message::text(SHOW_THE_EVENT)).await?;
        let event: Value = serde_json::from_str(&other.try_hear().await?).unwrap();
        other.try_close(None).await?;
        let other_id = event["requestContext"]["connectionId"].as_str().unwrap();
        try_in_time("a $disconnect", self.target.wait_for(other_id, "DISCONNECT")).await?;
        self.target.kept(&id, what).await.map_or(Ok(()), |seen| Err(format!("seen {seen}")))
    }
}

async fn hear_close(mut client: Client, expected: &Close) -> Result<(), String> {
    let (code, reason) = client.try_hear_close().await?;
    if (code, &reason) != (expected.code, &expected.reason) {
        return Err(format!("closed with {code:?} {reason:?}"));
    }
    client.try_end().await
}

fn url(base: &str, connect: &Connect, tag: &str) -> String {
    let mut url = base.to_owned();
    if let Some(stage) = &connect.stage {
        url = format!("{}/{stage}", base.rsplit_once('/').unwrap().0);
    }
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    match (&connect.query, &connect.r#do) {
        (Some(query), _) => url += &format!("?{query}"),
        (None, Some(orders)) => url += &format!("?tag={tag}&do={}", encode(&orders.to_string())),
        (None, None) => {}
    }
    if let Some(length) = connect.url_length {
        url += "?fill=";
        url += &"x".repeat(length.saturating_sub(url.len()));
    }
    url
}

fn new_tag() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
    format!("{now}-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// A message of that many bytes, whose answer is how many they are.
fn sized(bytes: usize) -> String {
    let message = |fill: &str| json!({ "action": "twoway", "do": ["measure"], "fill": fill }).to_string();
    message(&"x".repeat(bytes - message("").len()))
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<char> = hex.chars().filter(|digit| !digit.is_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}
