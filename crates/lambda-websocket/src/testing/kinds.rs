use std::ops::Deref;

use serde_json::{Value, json};

use super::TestEvent;
use crate::authorize::{Authorize, Policy};
use crate::body::Body;
use crate::connect::Connect;
use crate::disconnect::Disconnect;
use crate::handshake::Handshake;
use crate::message::Message;
use crate::response::Response;

/// What a [`TestEvent`] is an event for. `Message<()>` is a message whose body is not read yet.
pub trait Kind: sealed::Kind {
    /// What a route answers to it.
    type Answer: serde::Serialize;
}

mod sealed {
    pub trait Kind {}
}

macro_rules! kinds {
    ($($kind:ty => $answer:ty),*) => {
        $(impl sealed::Kind for $kind {}
        impl Kind for $kind {
            type Answer = $answer;
        })*
    };
}

kinds!(Connect => Response, Message<()> => Response, Disconnect => Response, Authorize => Policy);

/// A client asks to connect.
pub fn connect() -> TestEvent<Connect> {
    TestEvent::new(handshake())
}

/// A client asks to connect, and API Gateway asks the authorizer.
pub fn authorizer() -> TestEvent<Authorize> {
    let mut event = handshake();
    event["type"] = "REQUEST".into();
    event["methodArn"] = "arn:aws:execute-api:eu-west-1:123456789012:abcd123456/prod/$connect".into();
    TestEvent::new(event)
}

/// A client has sent `body`, on the route `$default` unless [`route_key`](TestEvent::route_key) says otherwise.
pub fn message(body: impl Into<String>) -> TestEvent<Message<()>> {
    TestEvent::new(json!({
        "requestContext": { "routeKey": "$default", "messageId": "TnAbceQvDoECJ5A=", "eventType": "MESSAGE" },
        "body": body.into(),
        "isBase64Encoded": false,
    }))
}

/// A connection has closed: without a close code, unless [`code`](TestEvent::code) says otherwise.
pub fn disconnect() -> TestEvent<Disconnect> {
    TestEvent::new(json!({
        "headers": { "Host": "abcd123456.execute-api.eu-west-1.amazonaws.com", "x-api-key": "", "X-Forwarded-For": "", "x-restapi": "" },
        "multiValueHeaders": {
            "Host": ["abcd123456.execute-api.eu-west-1.amazonaws.com"], "x-api-key": [""], "X-Forwarded-For": [""], "x-restapi": [""],
        },
        "requestContext": {
            "routeKey": "$disconnect",
            "eventType": "DISCONNECT",
            "disconnectStatusCode": 1005,
            "disconnectReason": "Client-side close frame status not set",
        },
        "isBase64Encoded": false,
    }))
}

fn handshake() -> Value {
    let headers = [
        ("Host", "abcd123456.execute-api.eu-west-1.amazonaws.com"),
        ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("Sec-WebSocket-Version", "13"),
        ("X-Amzn-Trace-Id", "Root=1-690c7f70-0123456789abcdef01234567"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("X-Forwarded-Port", "443"),
        ("X-Forwarded-Proto", "https"),
    ];
    let mut event = json!({
        "headers": {},
        "multiValueHeaders": {},
        "requestContext": { "routeKey": "$connect", "eventType": "CONNECT" },
        "isBase64Encoded": false,
    });
    for (name, value) in headers {
        add(&mut event, ["headers", "multiValueHeaders"], name, value);
    }
    event
}

/// Of two values, the first map keeps the last, the second both.
fn add(event: &mut Value, [single, all]: [&str; 2], name: &str, value: &str) {
    event[single][name] = value.into();
    match &mut event[all][name] {
        Value::Array(values) => values.push(value.into()),
        none => *none = json!([value]),
    }
}

impl<K: Kind + Deref<Target = Handshake>> TestEvent<K> {
    /// A parameter of the URL. Called twice with one name, it is there twice.
    pub fn query(self, name: &str, value: &str) -> Self {
        self.edit(|event| add(event, ["queryStringParameters", "multiValueQueryStringParameters"], name, value))
    }

    /// A header, with its name as the client spells it. Called twice with one name, it is there twice.
    pub fn header(self, name: &str, value: &str) -> Self {
        self.edit(|event| add(event, ["headers", "multiValueHeaders"], name, value))
    }
}

impl TestEvent<Connect> {
    /// What a handler of [`connect`](crate::connect()) gets.
    #[must_use]
    #[track_caller]
    pub fn build(&self) -> Connect {
        self.read(|event| Connect::new(event).map_err(|why| why.to_string()))
    }
}

impl TestEvent<Authorize> {
    /// What a handler of [`authorize`](crate::authorize()) gets.
    #[must_use]
    #[track_caller]
    pub fn build(&self) -> Authorize {
        self.read(|event| Authorize::new(event).map_err(|why| why.to_string()))
    }
}

impl TestEvent<Message<()>> {
    /// The route that API Gateway chose.
    pub fn route_key(self, route_key: &str) -> Self {
        self.context("routeKey", route_key)
    }

    /// What a handler of [`one_way`](crate::one_way()) or [`two_way`](crate::two_way()) gets.
    ///
    /// # Panics
    /// If the body is not a `B`. What the client would get to hear is seen with [`replay`](Self::replay).
    #[must_use]
    #[track_caller]
    pub fn build<B: Body>(&self) -> Message<B> {
        self.read(|event| {
            let body = B::read(event.body.unwrap_or_default()).map_err(|why| why.to_string())?;
            Ok(Message::new(body, event.context))
        })
    }
}

impl TestEvent<Disconnect> {
    /// The close code.
    pub fn code(self, code: u16) -> Self {
        self.context("disconnectStatusCode", code)
    }

    /// The reason that came with the close code.
    pub fn reason(self, reason: &str) -> Self {
        self.context("disconnectReason", reason)
    }

    /// What a handler of [`disconnect`](crate::disconnect()) gets.
    #[must_use]
    #[track_caller]
    pub fn build(&self) -> Disconnect {
        self.read(|event| Disconnect::new(event).map_err(|why| why.to_string()))
    }
}
