//! Keeping every event of a route as a file that can be replayed. Secrets in the handshake are masked.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde_json::Value;

use crate::happenings::{HappeningSender, Happenings, Level, What};

/// What replaces a secret. It is also a valid name of a subprotocol.
const MASK: &str = "***";

/// A header or query parameter whose name contains one of these is treated as a secret.
const SECRET: [&str; 12] = [
    "auth",
    "cookie",
    "token",
    "secret",
    "passw",
    "api-key",
    "api_key",
    "apikey",
    "signature",
    "credential",
    "session",
    "jwt",
];

/// So is a header or query parameter with one of these names.
const SECRET_NAMES: [&str; 5] = ["code", "key", "pwd", "sig", "ticket"];

/// A longer subprotocol is treated as a token: browsers can't set headers, so pages offer their tokens there.
const SUBPROTOCOL_CHARACTERS: usize = 32;

/// A directory of recorded events.
#[derive(Debug)]
pub(super) struct Recorder {
    directory: PathBuf,
    next: u64,
}

impl Recorder {
    /// Continues after the files that are there already.
    pub(super) fn open(directory: &Path) -> io::Result<Self> {
        fs::create_dir_all(directory)?;
        let mut last = 0_u64;
        for entry in fs::read_dir(directory)? {
            last = last.max(number(&entry?.path()).unwrap_or(0));
        }
        Ok(Self { directory: directory.to_owned(), next: last.saturating_add(1) })
    }

    /// Writes a file for each event until the gateway stops. The files' names sort in the order of the events.
    pub(super) async fn run(mut self, mut happenings: Happenings, sender: HappeningSender) {
        while let Some(happening) = happenings.next().await {
            let written = match &happening.what {
                What::Event { route_key, event, .. } => self.record(route_key, event.clone()).await,
                What::Missed { count } => Err(format!("{count} events came faster than their files could be written")),
                _ => Ok(()),
            };
            if let Err(why) = written {
                sender.tell(Level::Error, || What::NotRecorded { why });
            }
        }
    }

    async fn record(&mut self, route_key: &str, event: Bytes) -> Result<(), String> {
        let path = self.directory.join(format!("{:06}.{}.json", self.next, file_name(route_key)));
        self.next = self.next.saturating_add(1);
        let shown = path.display().to_string();
        let written = tokio::task::spawn_blocking(move || write(&path, &event)).await;
        written
            .map_err(|_| "the writer panicked".to_owned())
            .and_then(|written| written.map_err(|error| format!("{shown}: {error}")))
    }
}

fn write(path: &Path, event: &[u8]) -> io::Result<()> {
    let mut event = serde_json::from_slice(event)?;
    mask(&mut event);
    let mut text = serde_json::to_string_pretty(&event)?;
    text.push('\n');
    // An existing file is never overwritten.
    File::create_new(path)?.write_all(text.as_bytes())
}

/// The number at the beginning of a recorded file's name.
fn number(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.split_once('.')?.0.parse().ok()
}

/// The route key as a part of a file name. A route key may have any characters.
fn file_name(route_key: &str) -> String {
    let name = route_key.trim_start_matches('$').chars();
    name.map(|character| if character.is_ascii_alphanumeric() || "-_".contains(character) { character } else { '_' })
        .collect()
}

fn mask(event: &mut Value) {
    for key in
        ["headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables"]
    {
        for (name, value) in event.get_mut(key).and_then(Value::as_object_mut).into_iter().flatten() {
            match value {
                Value::Array(values) => values.iter_mut().for_each(|value| mask_value(name, value)),
                value => mask_value(name, value),
            }
        }
    }
    if let Some(key) = event.pointer_mut("/requestContext/identity/apiKey") {
        *key = MASK.into();
    }
    // An authorizer's context may hold anything.
    for (name, value) in
        event.pointer_mut("/requestContext/authorizer").and_then(Value::as_object_mut).into_iter().flatten()
    {
        if !matches!(name.as_str(), "principalId" | "integrationLatency") {
            *value = MASK.into();
        }
    }
}

fn mask_value(name: &str, value: &mut Value) {
    let Value::String(text) = value else { return };
    let name = name.to_ascii_lowercase();
    if name == "sec-websocket-protocol" {
        let names = text.split(',').map(|name| if is_token(name.trim()) { MASK } else { name.trim() });
        *text = names.collect::<Vec<_>>().join(", ");
    } else if SECRET_NAMES.contains(&&*name) || SECRET.iter().any(|part| name.contains(part)) || is_jwt(text) {
        MASK.clone_into(text);
    }
}

fn is_token(subprotocol: &str) -> bool {
    let says_so = ["bearer", "token", "auth"].iter().any(|word| subprotocol.to_ascii_lowercase().starts_with(word));
    says_so || subprotocol.len() > SUBPROTOCOL_CHARACTERS || is_jwt(subprotocol)
}

/// The first part of a JSON Web Token is a JSON object, which begins with `eyJ` in base64.
fn is_jwt(text: &str) -> bool {
    text.contains("eyJ") && text.contains('.')
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn secrets_are_masked_and_nothing_else() {
        let mut event = json!({
            "headers": {
                "Authorization": "Bearer 1", "Cookie": "id=1", "X-Api-Key": "1", "X-Amz-Security-Token": "1",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Host": "example.com",
                "Sec-WebSocket-Protocol": "chat.v1,bearer.eyJhbGciOi.e30.sig, 0123456789abcdef0123456789abcdef0"
            },
            "multiValueHeaders": { "cookie": ["a=1", "b=2"], "Accept": ["a", "b"] },
            "queryStringParameters": { "access_token": "1", "channel": "lobby", "code": "1", "id": "eyJh.e30.x" },
            "requestContext": {
                "identity": { "apiKey": "1", "sourceIp": "192.0.2.1" }, "authorizer": { "tenant": "acme", "principalId": "user-1" }
            },
            "body": "token=1"
        });
        mask(&mut event);
        let expected = json!({
            "headers": {
                "Authorization": "***", "Cookie": "***", "X-Api-Key": "***", "X-Amz-Security-Token": "***",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Host": "example.com",
                "Sec-WebSocket-Protocol": "chat.v1, ***, ***"
            },
            "multiValueHeaders": { "cookie": ["***", "***"], "Accept": ["a", "b"] },
            "queryStringParameters": { "access_token": "***", "channel": "lobby", "code": "***", "id": "***" },
            "requestContext": {
                "identity": { "apiKey": "***", "sourceIp": "192.0.2.1" }, "authorizer": { "tenant": "***", "principalId": "user-1" }
            },
            "body": "token=1"
        });
        assert_eq!(event, expected);
    }

    #[test]
    fn an_event_without_secrets_is_not_changed() {
        let message = json!({ "requestContext": { "identity": { "sourceIp": "192.0.2.1" } }, "body": "token=1" });
        let mut masked = message.clone();
        mask(&mut masked);
        assert_eq!(masked, message);
    }

    #[test]
    fn every_route_key_gives_a_valid_file_name() {
        assert_eq!(file_name("$connect"), "connect");
        assert_eq!(file_name("orders/../new"), "orders____new");
        assert_eq!(number(Path::new("events/000012.connect.json")), Some(12));
        assert_eq!(number(Path::new("events/hello.json")), None);
    }
}
