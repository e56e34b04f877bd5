//! The secrets in an event: in its handshake, in stage variables, and in what an authorizer says of a client.

#[cfg(feature = "console")]
use serde_json::Map;
use serde_json::Value;

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

/// Masks the secrets of an event. Messages stay as they are. Returns whether there were any secrets.
pub(crate) fn mask(event: &mut Value) -> bool {
    let mut has_masked = false;
    for key in
        ["headers", "multiValueHeaders", "queryStringParameters", "multiValueQueryStringParameters", "stageVariables"]
    {
        for (name, value) in event.get_mut(key).and_then(Value::as_object_mut).into_iter().flatten() {
            match value {
                Value::Array(values) => values.iter_mut().for_each(|value| has_masked |= mask_value(name, value)),
                value => has_masked |= mask_value(name, value),
            }
        }
    }
    if let Some(key) = event.pointer_mut("/requestContext/identity/apiKey") {
        *key = MASK.into();
        has_masked = true;
    }
    // An authorizer's context may hold anything.
    for (name, value) in
        event.pointer_mut("/requestContext/authorizer").and_then(Value::as_object_mut).into_iter().flatten()
    {
        if !matches!(name.as_str(), "principalId" | "integrationLatency") {
            *value = MASK.into();
            has_masked = true;
        }
    }
    has_masked
}

fn mask_value(name: &str, value: &mut Value) -> bool {
    let Value::String(text) = value else { return false };
    let name = name.to_ascii_lowercase();
    if name == "sec-websocket-protocol" {
        let masked = subprotocols(text);
        let has_masked = masked != *text;
        *text = masked;
        return has_masked;
    }
    let is_secret = is_secret_name(&name) || is_jwt(text);
    if is_secret {
        MASK.clone_into(text);
    }
    is_secret
}

/// The names of subprotocols, as a header has them, without the tokens among them.
pub(crate) fn subprotocols(names: &str) -> String {
    let names = names.split(',').map(|name| if is_token(name.trim()) { MASK } else { name.trim() });
    names.collect::<Vec<_>>().join(", ")
}

/// Masks the attributes of a row whose names or values look like secrets.
#[cfg(feature = "console")]
pub(crate) fn mask_row(row: &mut Map<String, Value>) {
    for (name, value) in row {
        let is_jwt = value.as_str().is_some_and(is_jwt);
        if is_secret_name(&name.to_ascii_lowercase()) || is_jwt {
            *value = MASK.into();
        }
    }
}

/// Whether a name, in lower case, is that of a secret.
fn is_secret_name(name: &str) -> bool {
    SECRET_NAMES.contains(&name) || SECRET.iter().any(|part| name.contains(part))
}

/// What of an event [`mask`] looks at.
const MAY_BE_SECRET: [&[u8]; 7] = [
    b"headers",
    b"multiValueHeaders",
    b"queryStringParameters",
    b"multiValueQueryStringParameters",
    b"stageVariables",
    b"authorizer",
    b"apiKey",
];

/// Whether an event may have secrets, in a fraction of the time that it takes to read it. Quotes within its texts have a backslash, so that no text can
/// be taken for a key that is not there.
fn may_have_secrets(event: &[u8]) -> bool {
    event.split(|byte| *byte == b'"').any(|between_quotes| MAY_BE_SECRET.contains(&between_quotes))
}

/// An event without its secrets; `None` if it has none, so that it is as it was written.
pub(crate) fn masked(event: &[u8]) -> Option<Value> {
    if !may_have_secrets(event) {
        return None;
    }
    let mut event = serde_json::from_slice(event).ok()?;
    mask(&mut event).then_some(event)
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
        assert!(mask(&mut event));
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
        let mut same = message.clone();
        assert!(!mask(&mut same));
        assert_eq!(same, message);
        assert_eq!(masked(message.to_string().as_bytes()), None);
    }

    #[test]
    fn an_event_is_read_in_full_where_it_may_have_secrets() {
        for event in [
            json!({ "headers": { "Cookie": "id=1" } }),
            json!({ "multiValueHeaders": { "Cookie": ["id=1"] } }),
            json!({ "queryStringParameters": { "token": "1" } }),
            json!({ "multiValueQueryStringParameters": { "token": ["1"] } }),
            json!({ "stageVariables": { "secret": "1" } }),
            json!({ "requestContext": { "authorizer": { "tenant": "1" } } }),
            json!({ "requestContext": { "identity": { "apiKey": "1" } } }),
        ] {
            let masked = masked(event.to_string().as_bytes()).expect("a secret");
            assert!(masked.to_string().contains("***"), "{masked}");
        }
        assert_eq!(masked(b"not JSON"), None);
    }

    #[cfg(feature = "console")]
    #[test]
    fn a_row_has_its_secrets_masked_and_subprotocols_their_tokens() {
        let mut row = json!({ "connectionId": "x", "accessToken": "1", "channel": "lobby" });
        mask_row(row.as_object_mut().unwrap());
        assert_eq!(row, json!({ "connectionId": "x", "accessToken": "***", "channel": "lobby" }));
        assert_eq!(subprotocols("chat.v1,bearer.x"), "chat.v1, ***");
    }
}
