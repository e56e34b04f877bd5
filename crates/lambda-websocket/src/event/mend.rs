//! Mends events that are good but that `aws_lambda_events` refuses: API Gateway's of 2018 to 2021, and those of emulators.

use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};

pub(super) fn mend(event: &mut Value) {
    drop_nulls(event);
    let Some(event) = event.as_object_mut() else { return };
    for headers in ["headers", "multiValueHeaders"] {
        if let Some(headers) = event.get_mut(headers).and_then(Value::as_object_mut) {
            headers.retain(is_header);
        }
    }
    if let Some(context) = event.get_mut("requestContext").and_then(Value::as_object_mut) {
        mend_context(context);
    }
}

/// An absent key and an explicit null mean the same in an event.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => {
            items.retain(|value| !value.is_null());
            items.iter_mut().for_each(drop_nulls);
        }
        _ => {}
    }
}

/// One header that is not valid would fail the whole event.
fn is_header(name: &String, value: &mut Value) -> bool {
    let is_value = |value: &Value| value.as_str().is_some_and(|text| HeaderValue::from_str(text).is_ok());
    let good = HeaderName::from_bytes(name.as_bytes()).is_ok()
        && value.as_array().map_or_else(|| is_value(value), |values| values.iter().all(is_value));
    if !good {
        tracing::warn!(header = ?name, "left out a header that is not valid");
    }
    good
}

fn mend_context(context: &mut Map<String, Value>) {
    for key in ["connectedAt", "requestTimeEpoch", "disconnectStatusCode"] {
        if let Some(value) = context.get_mut(key) {
            let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
            *value = number.map_or(Value::Null, Value::from);
        }
    }
    for key in ["status", "integrationLatency"] {
        if let Some(value @ Value::Number(_)) = context.get_mut(key) {
            *value = Value::String(value.to_string());
        }
    }
    let event_time = context.get("requestTimeEpoch").and_then(Value::as_i64).unwrap_or_else(now_ms);
    for key in ["connectedAt", "requestTimeEpoch"] {
        let time = context.entry(key).or_insert(Value::Null);
        if time.is_null() {
            *time = event_time.into();
        }
    }
}

fn now_ms() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|now| now.as_millis().try_into().ok())
        .unwrap_or_default()
}
