//! The Lambda proxy integration: one event to a function, and what its answer means.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use super::Integration;
use crate::clock::Clock;
use crate::event::Written;
use crate::happenings::{HappeningSender, Interest, Invocation, InvocationResult, Level, What};
use crate::lambda::{ByHand, InvokeError};

/// The result of an invocation.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answered(ProxyResponse),
    /// The function failed, or API Gateway does not understand its answer.
    Failed,
    /// The integration's time is up. The function runs on.
    TimedOut,
}

impl Outcome {
    fn result(&self) -> InvocationResult {
        match self {
            Self::Answered(answer) => InvocationResult::Status(answer.status_code),
            Self::Failed => InvocationResult::Failed,
            Self::TimedOut => InvocationResult::TimedOut,
        }
    }
}

/// The keys that an answer may have.
const KEYS: [&str; 5] = ["statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"];

/// A function's answer. To API Gateway an answer with any other top-level key is malformed, and so it is to serde here. That an answer
/// which has a key twice is malformed, too, is a guess.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct ProxyResponse {
    #[serde(deserialize_with = "status")]
    pub(crate) status_code: u16,
    #[serde(default, deserialize_with = "or_null")]
    headers: BTreeMap<String, Value>,
    #[serde(default, deserialize_with = "or_null")]
    multi_value_headers: BTreeMap<String, Vec<Value>>,
    #[serde(default)]
    pub(crate) body: Option<String>,
    // A guess: it is ignored. No report shows that API Gateway decodes a WebSocket answer.
    #[serde(default, deserialize_with = "or_null", rename = "isBase64Encoded")]
    _is_base64_encoded: bool,
}

impl ProxyResponse {
    /// A header's value; the case of the name does not matter. `headers` comes before `multiValueHeaders`.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |key: &String| key.eq_ignore_ascii_case(name);
        let single = self.headers.iter().find(|(key, _)| named(key)).map(|(_, value)| value);
        let multi =
            || self.multi_value_headers.iter().find(|(key, _)| named(key)).and_then(|(_, values)| values.last());
        single.or_else(multi)?.as_str()
    }
}

/// Numbers written as text are taken, too: a guess, because API Gateway does so for REST APIs. Anything else is malformed.
fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    status_of(&Value::deserialize(deserializer)?).ok_or_else(|| serde::de::Error::custom("not an HTTP status"))
}

fn status_of(value: &Value) -> Option<u16> {
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok())?;
    number.try_into().ok().filter(|status| (200..=599).contains(status))
}

fn or_null<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Tells of an event, waits for its invocation as long as the integration may take, and tells of the result. `by_hand` knows of the faults that the
/// invocation meets.
pub(crate) async fn wait_for(
    invocation: impl Future<Output = Result<Bytes, InvokeError>>,
    by_hand: &ByHand,
    clock: &Clock,
    happenings: &HappeningSender,
    route_key: &str,
    integration: &Integration,
    event: &Written,
) -> Outcome {
    let Integration { route, .. } = integration;
    happenings.tell_of(Interest::Events, Level::Detail, || What::Event {
        connection_id: event.connection_id.to_string(),
        request_id: event.request_id.clone(),
        route_key: route_key.to_owned(),
        function: route.function.clone(),
        event: event.json.clone(),
    });
    let started = Instant::now();
    let answer = clock.within(route.integration_timeout, invocation).await;
    let took = started.elapsed();
    let mut told = None;
    let (outcome, error) = match answer {
        None => (Outcome::TimedOut, None),
        Some(Err(error)) => (Outcome::Failed, Some(error.to_string())),
        Some(Ok(answer)) => {
            let understood = read(&answer);
            told = Some(answer);
            match understood {
                Ok(response) => (Outcome::Answered(response), None),
                Err(error) => (Outcome::Failed, Some(error)),
            }
        }
    };
    let result = outcome.result();
    happenings.tell_as(by_hand.has_met(), Interest::Invocations, level_of(result), || {
        What::Invoked(Invocation {
            connection_id: event.connection_id.to_string(),
            request_id: event.request_id.clone(),
            route_key: route_key.to_owned(),
            function: route.function.clone(),
            event: event.json.clone(),
            took,
            result,
            answer: told,
            error,
        })
    });
    outcome
}

fn level_of(result: InvocationResult) -> Level {
    match result {
        InvocationResult::Status(_) => Level::Info,
        InvocationResult::TimedOut => Level::Warning,
        InvocationResult::Failed => Level::Error,
    }
}

/// Reads a function's answer as API Gateway does.
///
/// # Errors
/// Says what is wrong with it.
pub(crate) fn read(answer: &[u8]) -> Result<ProxyResponse, String> {
    // Otherwise serde would read an array as the fields in their order.
    if answer.trim_ascii_start().first() == Some(&b'[') {
        return Err("it is a list instead of an object with a statusCode".to_owned());
    }
    serde_json::from_slice(answer).map_err(|error| what_is_wrong(answer).unwrap_or_else(|| error.to_string()))
}

/// What is wrong with a malformed answer, in words for the author of a function in any language.
fn what_is_wrong(answer: &[u8]) -> Option<String> {
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else { return Some("it is not JSON".to_owned()) };
    let Value::Object(fields) = &answer else {
        return Some(format!("it is {} instead of an object with a statusCode", kind_of(&answer)));
    };
    if let Some(unknown) = fields.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Some(format!("it has the key {unknown}, and may have only {}", KEYS.join(", ")));
    }
    let Some(status) = fields.get("statusCode") else { return Some("it has no statusCode".to_owned()) };
    if status_of(status).is_none() {
        return Some(format!("its statusCode is {status}, which is not an HTTP status"));
    }
    let must_be = |name: &str, wanted: &str| {
        let value = fields.get(name).filter(|value| !value.is_null() && kind_of(value) != wanted)?;
        Some(format!("its {name} is {} instead of {wanted}", kind_of(value)))
    };
    must_be("body", "text")
        .map(|wrong| wrong + ": write what JSON.stringify or json.dumps makes of it")
        .or_else(|| must_be("headers", "an object"))
        .or_else(|| must_be("multiValueHeaders", "an object"))
        .or_else(|| must_be("isBase64Encoded", "a boolean"))
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(answer: &str) -> Result<ProxyResponse, String> {
        read(answer.as_bytes())
    }

    #[test]
    fn good_answers_are_understood() {
        let full = r#"{"statusCode":200,"headers":{"sec-websocket-protocol":"chat"},"multiValueHeaders":null,"body":"x","isBase64Encoded":false}"#;
        let response = parse(full).unwrap();
        assert_eq!((response.status_code, response.body.as_deref()), (200, Some("x")));
        assert_eq!(response.header("Sec-WebSocket-Protocol"), Some("chat"));
        let multi = parse(r#"{"statusCode":"200","multiValueHeaders":{"Sec-WebSocket-Protocol":["chat"]}}"#).unwrap();
        assert_eq!(multi.header("sec-websocket-protocol"), Some("chat"));
    }

    #[test]
    fn what_is_wrong_is_said_without_a_word_of_rust() {
        for (answer, why) in [
            ("null", "it is null instead of an object with a statusCode"),
            (r#""text""#, "it is text instead of an object with a statusCode"),
            (r#"[200]"#, "it is a list instead of an object with a statusCode"),
            ("", "it is not JSON"),
            (r#"{"body":"x"}"#, "it has no statusCode"),
            (
                r#"{"statusCode":200,"ok":true}"#,
                "it has the key ok, and may have only statusCode, headers, multiValueHeaders, body",
            ),
            (
                r#"{"statusCode":200,"body":{"a":1}}"#,
                "its body is an object instead of text: write what JSON.stringify",
            ),
            (r#"{"statusCode":"ok"}"#, "its statusCode is \"ok\", which is not an HTTP status"),
            (r#"{"statusCode":200,"headers":[]}"#, "its headers is a list instead of an object"),
            (r#"{"statusCode":200,"multiValueHeaders":1}"#, "its multiValueHeaders is a number instead of an object"),
            (r#"{"statusCode":200,"isBase64Encoded":"no"}"#, "its isBase64Encoded is text instead of a boolean"),
        ] {
            let found = parse(answer).unwrap_err();
            assert!(found.starts_with(why), "{found} instead of {why}");
        }
    }

    #[test]
    fn everything_else_is_malformed() {
        for answer in [
            "null",
            "",
            r#""text""#,
            "{}",
            r#"{"body":"x"}"#,
            r#"{"statusCode":"ok"}"#,
            r#"{"statusCode":0}"#,
            r#"{"statusCode":101}"#,
            r#"[200,null,null,"x",false]"#,
            r#"{"statusCode":200,"ConnectionId":"x"}"#,
            r#"{"statusCode":200,"body":{"a":1}}"#,
        ] {
            assert!(parse(answer).is_err(), "{answer}");
        }
    }
}
