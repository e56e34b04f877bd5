//! From Lambda's JSON to a checked event. This is the only room that distrusts its input.
//!
//! There are three ways through it, because nearly all events are exactly as API Gateway writes them today. The benchmark `one_event`
//! counts what an event costs from its JSON to the answer's, as a multiple of parsing it into the type of `aws_lambda_events`:
//!
//! | events | short way | cost | cost of the same event the long way, [`read`] |
//! |---|---|---|---|
//! | messages | [`lean`] | 0.92 | 1.9 |
//! | `$connect` | [`with_headers`] | 0.72 | 1.15 |
//! | `$disconnect` | [`with_headers`] | 0.95 | 1.3 |
//!
//! The long way is for everything else: members in another order, unknown members, older events, emulators.

mod bad_event;
mod kind;
mod lean;
mod mend;
mod method_arn;
mod with_headers;

use std::collections::HashMap;

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use serde::Deserialize;
use serde_json::Value;

pub(crate) use bad_event::BadEvent;
pub(crate) use kind::Kind;

use crate::connection_id::ConnectionId;
use crate::connections::EventSource;
use crate::context::RequestContext;
use crate::error::ErrorFrame;
use lean::Lean;

/// An event whose connection id is valid. The route checks whether it serves events of this kind.
#[derive(Debug)]
pub(crate) struct Event<'j> {
    /// What the event was read from, for what the type of `aws_lambda_events` does not keep.
    pub(crate) json: &'j str,
    /// `None` for a kind that API Gateway does not have.
    pub(crate) kind: Option<Kind>,
    pub(crate) body: Option<String>,
    /// The session's deadline as the authorizer's context has it.
    pub(crate) exp: Option<Value>,
    pub(crate) context: RequestContext,
    /// The application's own, if it has set one.
    pub(crate) error_frame: Option<&'j ErrorFrame<'j>>,
}

/// A refused event, with its request id if it has one.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) why: BadEvent,
    pub(crate) request_id: Option<String>,
}

impl<'j> Event<'j> {
    pub(crate) fn parse(json: &'j str, source: EventSource) -> Result<Self, Refused> {
        if let Some(raw) = with_headers::of(json) {
            return Self::of_raw(json, raw, source);
        }
        if let Some(message) = Lean::of(json) {
            let (kind, head) = (Kind::of(message.request_context.event_type), message.head());
            let (rest, exp) = (message.rest(json), message.exp());
            let id = checked(Some(message.request_context.connection_id), head.request_id.as_ref())?;
            let context = RequestContext::lean(id, source, head, rest);
            return Ok(Self { json, kind, body: Some(message.body), exp, context, error_frame: None });
        }
        Self::of_raw(json, read(json)?, source)
    }

    fn of_raw(json: &'j str, mut raw: ApiGatewayWebsocketProxyRequest, source: EventSource) -> Result<Self, Refused> {
        let request = &raw.request_context;
        let kind = request.event_type.as_deref().and_then(Kind::of);
        let id = checked(request.connection_id.as_deref(), request.request_id.as_ref())?;
        let exp = exp(&request.authorizer.fields);
        let body = raw.body.take();
        Ok(Self { json, kind, body, exp, context: RequestContext::new(id, source, raw), error_frame: None })
    }

    pub(crate) fn expect(self, kind: Kind) -> Result<Self, BadEvent> {
        if self.kind == Some(kind) { Ok(self) } else { Err(BadEvent::WrongEventType(kind)) }
    }

    /// What an authorizer is asked about. No other event has it.
    pub(crate) fn method_arn(&self) -> Result<String, BadEvent> {
        method_arn::of(self.json)
    }
}

/// The session's deadline among the values of an authorizer's context, in seconds since 1970.
pub(crate) const EXP: &str = "exp";

fn exp(authorizer: &HashMap<String, Value>) -> Option<Value> {
    authorizer.get(EXP).filter(|exp| !exp.is_null()).cloned()
}

/// What the client sent, read once more.
pub(crate) fn message(json: &str) -> String {
    #[derive(Deserialize)]
    struct Message {
        body: Option<String>,
    }
    serde_json::from_str(json).ok().and_then(|message: Message| message.body).unwrap_or_default()
}

fn checked(id: Option<&str>, request_id: Option<&String>) -> Result<ConnectionId, Refused> {
    let id = match id {
        None | Some("") => Err(BadEvent::MissingConnectionId),
        Some(id) => id.parse().map_err(|_| BadEvent::MalformedConnectionId),
    };
    id.map_err(|why| Refused { why, request_id: request_id.cloned() })
}

/// Reads all of an event that went the lean way, except its body. [`Lean`] takes only what can be read here, and its tests try to prove
/// it wrong. An event that does so in spite of them is in the log as what it is, a mistake of this crate.
pub(crate) fn rest(json: &str) -> ApiGatewayWebsocketProxyRequest {
    let mut raw = read(json).unwrap_or_else(|Refused { why, .. }| {
        tracing::error!(
            ?why,
            "lambda-websocket can't read the rest of an event that it has accepted; please report it"
        );
        ApiGatewayWebsocketProxyRequest::default()
    });
    raw.body = None;
    raw
}

fn read(json: &str) -> Result<ApiGatewayWebsocketProxyRequest, Refused> {
    // A good event is read as it is. Only one that fails is looked at more closely.
    if let Ok(event) = serde_json::from_str(json) {
        return Ok(event);
    }
    let refused = |why, request_id| Refused { why, request_id };
    let mut event: Value = serde_json::from_str(json).map_err(|e| refused(BadEvent::Malformed(e.to_string()), None))?;
    let Some(context) = event.get("requestContext").and_then(Value::as_object).filter(|context| !context.is_empty())
    else {
        return Err(refused(BadEvent::MissingRequestContext, None));
    };
    let request_id = context.get("requestId").and_then(Value::as_str).map(str::to_owned);
    if context.get("connectionId").is_some_and(|id| !id.is_string() && !id.is_null()) {
        return Err(refused(BadEvent::MalformedConnectionId, request_id));
    }
    mend::mend(&mut event);
    serde_json::from_value(event).map_err(|e| refused(BadEvent::Malformed(e.to_string()), request_id))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn parse(event: &Value) -> Result<Event<'static>, BadEvent> {
        Event::parse(event.to_string().leak(), EventSource::Replay).map_err(|refused| refused.why)
    }

    fn message() -> Value {
        json!({
            "requestContext": {
                "routeKey": "hello", "eventType": "MESSAGE", "connectionId": "L0SM9cOFvHcCIhw=", "requestId": "r=",
                "connectedAt": 1_762_426_800_123_i64, "requestTimeEpoch": 1_762_426_804_011_i64, "stage": "prod",
                "identity": { "sourceIp": "192.0.2.1" }
            },
            "body": "{}", "isBase64Encoded": false
        })
    }

    #[test]
    fn an_event_as_api_gateway_writes_it_today_is_accepted() {
        let event = parse(&message()).unwrap();
        assert_eq!(event.kind, Some(Kind::Message));
        assert_eq!(event.context.connected_at_ms(), 1_762_426_800_123);
        assert_eq!(event.context.raw().request_context.connection_id.as_deref(), Some("L0SM9cOFvHcCIhw="));
    }

    #[test]
    fn what_is_read_later_is_everything_except_the_body() {
        let start = include_str!("../../../../events/default.json");
        let authorizer = r#"{"body":"x","a":[{"b":"\",\"body\":"}]}"#;
        for body in ["", "hi", r#",\"body\":\""#] {
            let body = body.repeat(2000);
            let mut event: Value = serde_json::from_str(start).unwrap();
            let context = event["requestContext"].to_string();
            event["requestContext"]["authorizer"] = serde_json::from_str(authorizer).unwrap();
            let authorized = event["requestContext"].to_string();
            for json in [
                format!(r#"{{"requestContext":{context},"body":"{body}","isBase64Encoded":true}}"#),
                format!(r#"{{"requestContext":{authorized},"body":"{body}","isBase64Encoded":true}}"#),
                format!(r#"{{"isBase64Encoded":true,"body":"{body}","requestContext":{context}}}"#),
                format!(r#"{{ "requestContext": {context}, "body": "{body}", "isBase64Encoded": true }}"#),
                format!(
                    r#"{{"requestContext":{context},"stageVariables":{{"a":"b","body":"c"}},"body":"{body}","isBase64Encoded":true}}"#
                ),
            ] {
                let event = Event::parse(&json, EventSource::Replay).unwrap();
                let mut all: ApiGatewayWebsocketProxyRequest = serde_json::from_str(&json).unwrap();
                assert_eq!(event.body, all.body.take());
                assert_eq!(*event.context.raw(), all, "{json}");
            }
        }
    }

    #[test]
    fn explicit_nulls_in_older_events_are_mended() {
        let mut event = message();
        event["headers"] = json!({ "Host": "example.com", "X-Empty": null });
        event["multiValueHeaders"] = json!({ "Host": ["example.com"], "X-Empty": null });
        event["queryStringParameters"] = Value::Null;
        event["stageVariables"] = json!({ "colour": null, "size": "9" });
        let context = event["requestContext"].as_object_mut().unwrap();
        context.insert("messageId".into(), Value::Null);
        context.insert("disconnectStatusCode".into(), Value::Null);
        context.insert("authorizer".into(), Value::Null);
        context.insert("identity".into(), json!({ "caller": null, "sourceIp": "192.0.2.1", "userAgent": null }));
        let context = parse(&event).unwrap().context;
        assert_eq!(context.stage_variable("size"), Some("9"));
        assert_eq!(context.stage_variable("colour"), None);
        assert_eq!(context.source_ip(), Some([192, 0, 2, 1].into()));

        event["requestContext"]["identity"] = Value::Null;
        assert_eq!(parse(&event).unwrap().context.source_ip(), None);
    }

    #[test]
    fn a_missing_connected_at_is_the_time_of_the_event() {
        for absent in [None, Some(Value::Null)] {
            let mut event = message();
            let context = event["requestContext"].as_object_mut().unwrap();
            context.remove("connectedAt");
            if let Some(null) = absent {
                context.insert("connectedAt".into(), null);
            }
            assert_eq!(parse(&event).unwrap().context.connected_at_ms(), 1_762_426_804_011);
        }
    }

    #[test]
    fn numbers_as_strings_and_strange_headers_are_mended() {
        let mut event = message();
        event["requestContext"]["connectedAt"] = json!("17");
        event["requestContext"]["disconnectStatusCode"] = json!("1001");
        event["requestContext"]["status"] = json!(200);
        event["headers"] = json!({ "X-Name": "J\u{fc}rgen\n", "Host": "example.com", "bad name": "x" });
        let context = parse(&event).unwrap().context;
        assert_eq!(context.connected_at_ms(), 17);
        assert_eq!(context.raw().request_context.disconnect_status_code, Some(1001));
        assert_eq!(context.raw().headers.get("host").unwrap(), "example.com");
    }

    #[test]
    fn an_event_that_a_connection_cannot_have_is_refused() {
        let mut cases = vec![
            (json!({}), BadEvent::MissingRequestContext),
            (json!({ "requestContext": null }), BadEvent::MissingRequestContext),
            (json!({ "requestContext": {} }), BadEvent::MissingRequestContext),
            (json!({ "requestContext": "x" }), BadEvent::MissingRequestContext),
            (json!([]), BadEvent::MissingRequestContext),
            // A REST API's and an HTTP API's event.
            (json!({ "httpMethod": "GET", "requestContext": { "stage": "x" } }), BadEvent::MissingConnectionId),
            (
                json!({ "version": "2.0", "requestContext": { "http": { "method": "GET" } } }),
                BadEvent::MissingConnectionId,
            ),
        ];
        for (id, why) in [
            (Value::Null, BadEvent::MissingConnectionId),
            (json!(""), BadEvent::MissingConnectionId),
            (json!("../x"), BadEvent::MalformedConnectionId),
            (json!(7), BadEvent::MalformedConnectionId),
        ] {
            let mut event = message();
            event["requestContext"]["connectionId"] = id;
            cases.push((event, why));
        }
        for (event, why) in cases {
            assert_eq!(parse(&event).unwrap_err(), why, "{event}");
        }
    }

    #[test]
    fn a_refusal_names_the_request() {
        let mut event = message();
        event["requestContext"].as_object_mut().unwrap().remove("connectionId");
        let refused = Event::parse(&event.to_string(), EventSource::Replay).unwrap_err();
        assert_eq!(refused.request_id.as_deref(), Some("r="));
    }
}
