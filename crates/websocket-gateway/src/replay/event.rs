use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::SampleError;

/// One event from a file: the JSON that the function gets, and the fields that decide which function gets it and when.
#[derive(Clone, Debug)]
pub struct SampleEvent {
    path: PathBuf,
    json: Bytes,
    event_type: EventType,
    route_key: Option<String>,
    connection_id: Option<String>,
}

/// What causes an event, in the order in which a connection causes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EventType {
    /// The handshake: `CONNECT`.
    Connect,
    /// A message: `MESSAGE`, and also any other value or none, because it is the function's task to refuse such events.
    Message,
    /// The end of the connection: `DISCONNECT`.
    Disconnect,
}

/// An event that has a `domainName`.
#[derive(Deserialize)]
struct Named<'e> {
    #[serde(borrow, rename = "requestContext")]
    context: NamedContext<'e>,
}

#[derive(Deserialize)]
struct NamedContext<'e> {
    #[serde(borrow, rename = "domainName")]
    domain_name: &'e RawValue,
}

impl SampleEvent {
    /// Reads an event from JSON. `path` is the event's name in messages, and may name the binary that the event is for, see
    /// [`SampleEvent::binary`].
    ///
    /// # Errors
    /// If `json` is not valid JSON. It is the function's task to check whether it is an event of API Gateway.
    pub fn parse(path: impl Into<PathBuf>, json: impl Into<Bytes>) -> Result<Self, SampleError> {
        let (path, json) = (path.into(), json.into());
        let event: Value = match serde_json::from_slice(&json) {
            Ok(event) => event,
            Err(error) => return Err(SampleError::not_json(path, &error)),
        };
        let context = &event["requestContext"];
        let text = |key: &str| context[key].as_str().map(str::to_owned);
        let event_type = match context["eventType"].as_str() {
            Some("CONNECT") => EventType::Connect,
            Some("DISCONNECT") => EventType::Disconnect,
            _ => EventType::Message,
        };
        let (route_key, connection_id) = (text("routeKey"), text("connectionId"));
        Ok(Self { path, json, event_type, route_key, connection_id })
    }

    /// Sorts events in the order in which one connection would cause them. Events of the same type are sorted by their paths.
    pub fn sort(events: &mut [Self]) {
        events.sort_by(|a, b| (a.event_type, &a.path).cmp(&(b.event_type, &b.path)));
    }

    /// The path of its file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The event as it was read.
    #[must_use]
    pub fn json(&self) -> &Bytes {
        &self.json
    }

    /// The event as it would be if the client had connected to this address: with the address in the place of its `domainName`.
    pub(crate) fn at(&self, gateway: SocketAddr) -> Bytes {
        let Ok(Named { context: NamedContext { domain_name } }) = serde_json::from_slice(&self.json) else {
            return self.json.clone();
        };
        let name = domain_name.get();
        if !name.starts_with('"') {
            return self.json.clone();
        }
        // It is a part of the JSON, so that everything around it can stay as it was written.
        let start = name.as_ptr().addr() - self.json.as_ptr().addr();
        let (before, after) = (&self.json[..start], &self.json[start + name.len()..]);
        [before, format!("\"{gateway}\"").as_bytes(), after].concat().into()
    }

    /// Its type, from `requestContext.eventType`.
    #[must_use]
    pub fn event_type(&self) -> EventType {
        self.event_type
    }

    /// Its `requestContext.routeKey`.
    #[must_use]
    pub fn route_key(&self) -> Option<&str> {
        self.route_key.as_deref()
    }

    /// Its `requestContext.connectionId`, which may not be a valid connection id.
    #[must_use]
    pub fn connection_id(&self) -> Option<&str> {
        self.connection_id.as_deref()
    }

    /// The name of the binary that the file is named after: the file name up to the first full stop.
    #[must_use]
    pub fn binary(&self) -> Option<&str> {
        self.path.file_name()?.to_str()?.split('.').next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(path: &str, event_type: &str) -> SampleEvent {
        SampleEvent::parse(path, format!(r#"{{"requestContext":{{"eventType":"{event_type}"}}}}"#)).unwrap()
    }

    #[test]
    fn events_are_sorted_in_the_order_of_a_connections_life_and_then_by_path() {
        let untyped = SampleEvent::parse("events/invalid/connect.null.json", r#"{"requestContext":null}"#).unwrap();
        let mut events = [
            event("events/a.json", "DISCONNECT"),
            event("events/z.json", "MESSAGE"),
            untyped,
            event("events/invalid/y.x.json", "CONNECT"),
            event("events/b.json", "SOMETHING"),
            event("events/connect.json", "CONNECT"),
        ];
        SampleEvent::sort(&mut events);
        let paths: Vec<_> = events.iter().map(|event| event.path().to_str().unwrap()).collect();
        assert_eq!(
            paths,
            [
                "events/connect.json",
                "events/invalid/y.x.json",
                "events/b.json",
                "events/invalid/connect.null.json",
                "events/z.json",
                "events/a.json"
            ]
        );
    }

    #[test]
    fn only_the_domain_name_depends_on_the_gateway() {
        let at = |json: &str| {
            let event = SampleEvent::parse("hello.json", json.to_owned()).unwrap();
            String::from_utf8(event.at("127.0.0.1:3001".parse().unwrap()).into()).unwrap()
        };
        let json = r#"{ "b": 1.0, "requestContext": {"domainName" : "é.example", "apiId":"x"}, "a": "domainName" }"#;
        assert_eq!(at(json), json.replace("é.example", "127.0.0.1:3001"));
        for json in [
            "1",
            "{}",
            r#"{"requestContext":{}}"#,
            r#"{"requestContext":{"domainName":null}}"#,
            r#"{"domainName":"x"}"#,
        ] {
            assert_eq!(at(json), json);
        }
    }

    #[test]
    fn json_that_is_not_an_event_can_be_sent_too() {
        for json in ["[]", "1", "null", r#"{"requestContext":[]}"#, r#"{"requestContext":{"connectionId":7}}"#] {
            let event = SampleEvent::parse("hello.json", json).unwrap();
            assert_eq!((event.route_key(), event.connection_id()), (None, None), "{json}");
            assert_eq!(event.event_type(), EventType::Message, "{json}");
        }
    }

    #[test]
    fn a_file_that_is_not_json_is_named_with_line_and_column() {
        let error = SampleEvent::parse("events/hello.json", "{\n  \"body\": hello\n}").unwrap_err();
        assert_eq!(error.to_string(), "events/hello.json:2:11: this is not JSON: expected value");
    }
}
