//! The Lambda proxy integration: one event to a function, and what its answer means.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::api::Route;
use crate::deployment::Deployment;
use crate::event::Written;
use crate::invocations::InvocationResult;
use crate::service::Service;

/// What came of an invocation.
#[derive(Debug)]
pub(crate) enum Outcome {
    Answered(ProxyResponse),
    /// The function failed, or its answer is none that API Gateway understands.
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

/// A function's answer. API Gateway takes one with any other top-level key for malformed, and so does serde here. That one with a key twice
/// is malformed too is a guess.
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
    // A guess: ignored, as nobody has seen API Gateway decode a WebSocket answer.
    #[serde(default, deserialize_with = "or_null", rename = "isBase64Encoded")]
    _is_base64_encoded: bool,
}

impl ProxyResponse {
    /// A header's value, by a name of whatever case; from `headers` before `multiValueHeaders`.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let named = |key: &String| key.eq_ignore_ascii_case(name);
        let single = self.headers.iter().find(|(key, _)| named(key)).map(|(_, value)| value);
        let multi =
            || self.multi_value_headers.iter().find(|(key, _)| named(key)).and_then(|(_, values)| values.last());
        single.or_else(multi)?.as_str()
    }
}

/// A guess for numbers written as text, which API Gateway takes on REST APIs; anything else is malformed.
fn status<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u16, D::Error> {
    let value = Value::deserialize(deserializer)?;
    let number = value.as_u64().or_else(|| value.as_str()?.parse().ok());
    number
        .and_then(|number| number.try_into().ok())
        .filter(|status| (200..=599).contains(status))
        .ok_or_else(|| serde::de::Error::custom("statusCode is no HTTP status"))
}

fn or_null<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Invokes the route's function and waits as long as the integration may take.
pub(crate) async fn invoke(
    service: &Service,
    deployment: &Deployment,
    route_key: &str,
    route: &Route,
    event: &Written,
) -> Outcome {
    if let Some(recorder) = &service.recorder {
        service.tasks.spawn_blocking(recorder.record(route_key, &event.json));
    }
    let started = Instant::now();
    let invocation = deployment.invoke(&route.function, event.json.clone());
    let answer = service.clock.within(route.integration_timeout, invocation).await;
    let ms = started.elapsed().as_millis();
    let (function, request_id, connection_id) = (&route.function, &event.request_id, &event.connection_id);
    let outcome = match answer {
        None => {
            tracing::warn!(connectionId = %connection_id, requestId = request_id, "{route_key}: {function} is not done after {ms} ms: timed out");
            Outcome::TimedOut
        }
        Some(Err(error)) => {
            tracing::error!(connectionId = %connection_id, requestId = request_id, "{route_key}: {function} failed after {ms} ms: {error}");
            Outcome::Failed
        }
        Some(Ok(answer)) => match read(&answer) {
            Ok(response) => {
                tracing::info!(connectionId = %connection_id, requestId = request_id, "{route_key}: {} in {ms} ms", response.status_code);
                Outcome::Answered(response)
            }
            Err(error) => {
                let shown = String::from_utf8_lossy(&answer[..answer.len().min(200)]).into_owned();
                tracing::error!(
                    requestId = request_id,
                    "{route_key}: {function}'s answer is malformed: {error}: {shown}"
                );
                Outcome::Failed
            }
        },
    };
    service.journal.write(route_key, &event.json, outcome.result());
    outcome
}

/// Reads a function's answer as API Gateway does.
pub(crate) fn read(answer: &[u8]) -> Result<ProxyResponse, serde_json::Error> {
    // Or serde would take an array for the fields in their order.
    if answer.trim_ascii_start().first() == Some(&b'[') {
        return Err(serde::de::Error::custom("an array"));
    }
    serde_json::from_slice(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(answer: &str) -> Result<ProxyResponse, serde_json::Error> {
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
