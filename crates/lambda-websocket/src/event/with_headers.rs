//! The short way for the events that have headers, `$connect` and `$disconnect`: into the type of `aws_lambda_events`, but without the
//! detour of that type's own parser, which keeps each header aside until it knows whether it has one value or several. An event that is
//! not exactly as API Gateway writes it today goes the long way.

use std::collections::HashMap;
use std::fmt;

use aws_lambda_events::apigw::{ApiGatewayWebsocketProxyRequest, ApiGatewayWebsocketProxyRequestContext};
use http::{HeaderMap, HeaderName, HeaderValue};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// About as many as a browser sends. A map that does not have to grow is filled faster.
const HEADERS: usize = 24;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct WithHeaders {
    headers: Headers,
    multi_value_headers: Headers,
    #[serde(default)]
    query_string_parameters: HashMap<String, String>,
    #[serde(default)]
    multi_value_query_string_parameters: HashMap<String, Vec<String>>,
    #[serde(default)]
    stage_variables: HashMap<String, String>,
    request_context: ApiGatewayWebsocketProxyRequestContext,
    is_base64_encoded: bool,
}

pub(super) fn of(json: &str) -> Option<ApiGatewayWebsocketProxyRequest> {
    // A quick guess, so that a message is not parsed here in vain. Events in another order go the long way.
    if !json.trim_start().strip_prefix('{')?.trim_start().starts_with("\"headers\"") {
        return None;
    }
    let read: WithHeaders = serde_json::from_str(json).ok()?;
    let mut event = ApiGatewayWebsocketProxyRequest::default();
    event.headers = read.headers.0;
    event.multi_value_headers = read.multi_value_headers.0;
    event.query_string_parameters = read.query_string_parameters.into();
    event.multi_value_query_string_parameters = read.multi_value_query_string_parameters.into();
    event.stage_variables = read.stage_variables;
    event.request_context = read.request_context;
    event.is_base64_encoded = read.is_base64_encoded;
    Some(event)
}

/// `{"name":"value"}` or `{"name":["value"]}`.
struct Headers(HeaderMap);

impl<'de> Deserialize<'de> for Headers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Self(HeaderMap::with_capacity(HEADERS)))
    }
}

impl<'de> Visitor<'de> for Headers {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("headers")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<Self, A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            map.next_value_seed(Values { name, headers: &mut self.0 })?;
        }
        Ok(self)
    }
}

struct Values<'h> {
    name: HeaderName,
    headers: &'h mut HeaderMap,
}

impl<'de> DeserializeSeed<'de> for Values<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Values<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header's value or values")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.headers.insert(self.name, HeaderValue::from_str(text).map_err(E::custom)?);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<(), A::Error> {
        while let Some(OneValue(value)) = values.next_element()? {
            self.headers.append(&self.name, value);
        }
        Ok(())
    }
}

struct Name(HeaderName);
struct OneValue(HeaderValue);

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed(|text| HeaderName::from_bytes(text.as_bytes()).ok().map(Self)))
    }
}

impl<'de> Deserialize<'de> for OneValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Parsed(|text| HeaderValue::from_str(text).ok().map(Self)))
    }
}

struct Parsed<T>(fn(&str) -> Option<T>);

impl<T> Visitor<'_> for Parsed<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a header's name or value")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        (self.0)(text).ok_or_else(|| E::custom("not valid in a header"))
    }
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
    use serde_json::{Value, json};

    fn events() -> [Value; 2] {
        [include_str!("../../../../events/connect.json"), include_str!("../../../../events/disconnect.json")]
            .map(|event| serde_json::from_str(event).unwrap())
    }

    #[test]
    fn the_short_way_and_the_long_way_read_the_same() {
        for mut event in events() {
            event["multiValueHeaders"] = json!({ "X-Two": ["a", "b"], "x-two": ["c"], "X-None": [] });
            event["headers"] = json!({ "X-Two": "b", "x-two": "c", "Host": ["example.com"] });
            event["multiValueQueryStringParameters"] = json!({ "channel": ["a", "b"] });
            event["stageVariables"] = json!({ "colour": "red" });
            event["requestContext"]["authorizer"] = json!({ "principalId": "me" });
            let event = event.to_string();
            let long: ApiGatewayWebsocketProxyRequest = serde_json::from_str(&event).unwrap();
            assert_eq!(super::of(&event), Some(long));
        }
    }

    #[test]
    fn the_short_way_takes_nothing_that_the_long_way_refuses() {
        let values = [json!(null), json!(7), json!("x"), json!("\n"), json!([]), json!(["x", null]), json!({})];
        let places = ["", "/headers", "/multiValueHeaders", "/multiValueQueryStringParameters", "/requestContext"];
        let mut taken = 0;
        for (mut event, place) in events().into_iter().flat_map(|event| places.map(|place| (event.clone(), place))) {
            event["multiValueQueryStringParameters"] = json!({ "channel": ["a"] });
            let mut names: Vec<String> = event.pointer(place).unwrap().as_object().unwrap().keys().cloned().collect();
            names.extend(["new".to_owned(), "not a name".to_owned()]);
            for (name, value) in names.iter().flat_map(|name| values.iter().map(move |value| (name, value))) {
                let mut event = event.clone();
                event.pointer_mut(place).unwrap()[name.as_str()] = value.clone();
                let event = event.to_string();
                if let Some(short) = super::of(&event) {
                    taken += 1;
                    assert_eq!(
                        serde_json::from_str::<ApiGatewayWebsocketProxyRequest>(&event).ok(),
                        Some(short),
                        "{event}"
                    );
                }
            }
        }
        assert!(taken > 100, "{taken}");
    }
}
