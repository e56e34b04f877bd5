//! The secrets in an event: in its handshake, in stage variables, and in what an authorizer says of a client.

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
        let names = text.split(',').map(|name| if is_token(name.trim()) { MASK } else { name.trim() });
        let masked = names.collect::<Vec<_>>().join(", ");
        let has_masked = masked != *text;
        *text = masked;
        return has_masked;
    }
    let is_secret = SECRET_NAMES.contains(&&*name) || SECRET.iter().any(|part| name.contains(part)) || is_jwt(text);
    if is_secret {
        MASK.clone_into(text);
    }
    is_secret
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
        let mut masked = message.clone();
        assert!(!mask(&mut masked));
        assert_eq!(masked, message);
    }
}
