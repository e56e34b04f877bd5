//! The short way for messages, the most frequent events, if they are exactly as API Gateway writes them today.
//!
//! It keeps only what every message needs, and a copy of the JSON for the rest, which is read if a handler asks for it. So that this
//! second reading can't fail, the short way takes nothing that the type of `aws_lambda_events` would refuse. Any other event goes the
//! long way.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;

use crate::context::Head;

/// In bytes. For a shorter event, looking for the body takes longer than copying everything.
const LONG: usize = 4096;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Lean<'a> {
    #[serde(borrow)]
    pub(super) request_context: Context<'a>,
    pub(super) body: String,
    is_base64_encoded: bool,
    #[serde(default)]
    stage_variables: HashMap<&'a str, &'a str>,
}

/// A `&str` can't hold a text with an escape in it; an event with one goes the long way too.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Context<'a> {
    pub(super) connection_id: &'a str,
    pub(super) event_type: &'a str,
    route_key: &'a str,
    request_id: &'a str,
    connected_at: i64,
    request_time_epoch: i64,
    #[serde(rename = "messageId")]
    _message_id: &'a str,
    #[serde(rename = "extendedRequestId")]
    _extended_request_id: &'a str,
    #[serde(rename = "requestTime")]
    _request_time: &'a str,
    #[serde(rename = "messageDirection")]
    _message_direction: &'a str,
    #[serde(rename = "stage")]
    _stage: &'a str,
    #[serde(rename = "domainName")]
    _domain_name: &'a str,
    #[serde(rename = "apiId")]
    _api_id: &'a str,
    #[serde(borrow, rename = "identity")]
    _identity: Identity<'a>,
    #[serde(default)]
    authorizer: HashMap<String, Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Identity<'a> {
    #[serde(rename = "sourceIp")]
    _source_ip: &'a str,
    #[serde(default, rename = "userAgent")]
    _user_agent: &'a str,
}

impl<'a> Lean<'a> {
    pub(super) fn of(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    /// The JSON that the rest can be read from later: the event, in most cases without its body if that is long.
    pub(super) fn rest(&self, json: &str) -> Box<str> {
        let known = self.request_context.authorizer.is_empty() && self.stage_variables.is_empty();
        if json.len() < LONG || !known || !json.starts_with(r#"{"requestContext":{"#) {
            return json.into();
        }
        // No text before it has a quote in it (it would be escaped), so this is the key.
        let Some((before, _)) = json.split_once(r#","body":"#) else { return json.into() };
        format!(r#"{before},"isBase64Encoded":{}}}"#, self.is_base64_encoded).into()
    }

    pub(super) fn exp(&self) -> Option<Value> {
        super::exp(&self.request_context.authorizer)
    }

    pub(super) fn head(&self) -> Head {
        let context = &self.request_context;
        Head {
            request_id: Some(context.request_id.to_owned()),
            route_key: Some(context.route_key.to_owned()),
            connected_at: context.connected_at,
            request_time_epoch: context.request_time_epoch,
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
    use serde_json::{Value, json};

    use super::Lean;

    fn message() -> Value {
        serde_json::from_str(include_str!("../../../../events/default.json")).unwrap()
    }

    #[test]
    fn a_message_as_api_gateway_writes_it_goes_the_short_way() {
        let mut event = message();
        assert!(Lean::of(&event.to_string()).is_some());
        event["requestContext"]["authorizer"] = json!({ "principalId": "me", "integrationLatency": 7 });
        event["requestContext"]["identity"] = json!({ "sourceIp": "192.0.2.1" });
        event["stageVariables"] = json!({ "colour": "red" });
        assert!(Lean::of(&event.to_string()).is_some());
    }

    /// Otherwise a handler could ask for the rest of an event that can't be read.
    #[test]
    fn the_short_way_takes_nothing_that_the_long_way_refuses() {
        let values = [json!(null), json!(7), json!(-1), json!(1.5), json!(true), json!("x"), json!([]), json!({})];
        let mut taken = 0;
        let places =
            ["", "/requestContext", "/requestContext/identity", "/requestContext/authorizer", "/stageVariables"];
        for place in places {
            let mut names: Vec<String> = match message().pointer(place) {
                Some(Value::Object(map)) => map.keys().cloned().collect(),
                _ => vec![],
            };
            names.push("new".to_owned());
            for (name, value) in names.iter().flat_map(|name| values.iter().map(move |value| (name, value))) {
                let mut event = message();
                event["requestContext"]["authorizer"] = json!({ "principalId": "me" });
                event["stageVariables"] = json!({ "colour": "red" });
                event.pointer_mut(place).unwrap()[name.as_str()] = value.clone();
                let event = event.to_string();
                if Lean::of(&event).is_some() {
                    taken += 1;
                    assert!(serde_json::from_str::<ApiGatewayWebsocketProxyRequest>(&event).is_ok(), "{event}");
                }
            }
        }
        assert!(taken > 20, "{taken}");
    }
}
