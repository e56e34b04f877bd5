//! The events: the only place that writes the JSON that functions get, from API Gateway and from a queue. An event has every key of the real one, and no other.

mod headers;
mod query;
pub(crate) mod sqs;

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use http::request::Parts;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::api::Api;
use crate::clock::calendar_time;
use crate::ids::{self, ConnectionId};
use headers::Headers;
use query::Query;

/// What stays the same in every event of a connection.
#[derive(Clone, Debug)]
pub(crate) struct Connection {
    pub(crate) id: ConnectionId,
    /// Milliseconds since 1970.
    pub(crate) connected_at_ms: u64,
    /// The host of the API, here with a port, because functions post to it.
    pub(crate) domain_name: String,
    pub(crate) identity: Identity,
    /// The authorizer's context for the client: strings, and the authorizer's latency in milliseconds as a number.
    pub(crate) authorizer: Option<Arc<Map<String, Value>>>,
}

/// The client, as events describe it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_agent: Option<String>,
    pub(crate) source_ip: String,
}

/// An event, with the ids that error frames and log lines name.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) connection_id: ConnectionId,
    pub(crate) request_id: String,
    pub(crate) json: Bytes,
}

/// The close code and reason that `$disconnect` gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Closed {
    pub(crate) code: u16,
    pub(crate) reason: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    #[serde(flatten)]
    headers: Option<Headers>,
    #[serde(flatten)]
    query: Option<Query>,
    #[serde(skip_serializing_if = "no_variables")]
    stage_variables: &'a BTreeMap<String, String>,
    request_context: RequestContext<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a str>,
    is_base64_encoded: bool,
}

/// The event of an authorizer. Its maps are there even if they are empty.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthorizerEvent<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    method_arn: String,
    #[serde(flatten)]
    headers: Headers,
    #[serde(flatten)]
    query: Query,
    stage_variables: &'a BTreeMap<String, String>,
    request_context: RequestContext<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestContext<'a> {
    route_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect_status_code: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorizer: Option<&'a Map<String, Value>>,
    event_type: &'static str,
    extended_request_id: &'a str,
    request_time: String,
    message_direction: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    disconnect_reason: Option<&'a str>,
    stage: &'a str,
    connected_at: u64,
    request_time_epoch: u64,
    identity: &'a Identity,
    request_id: &'a str,
    domain_name: &'a str,
    connection_id: &'a ConnectionId,
    api_id: &'a str,
}

/// Writes the events of one API.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Writer<'a> {
    pub(crate) api: &'a Api,
    /// Milliseconds since 1970.
    pub(crate) now_ms: u64,
}

impl<'e> Writer<'e> {
    /// The authorizer's event, which comes before `$connect`.
    pub(crate) fn authorize(self, connection: &Connection, handshake: &Parts) -> Written {
        let request_id = ids::request_id(self.now_ms);
        let event = AuthorizerEvent {
            kind: "REQUEST",
            method_arn: self.api.arn("$connect"),
            headers: Headers::of_authorization(handshake, &connection.identity.source_ip, self.now_ms),
            query: Query::of(&handshake.uri).unwrap_or_default(),
            stage_variables: &self.api.stage.variables,
            request_context: self.context("$connect", connection, "CONNECT", &request_id),
        };
        Written::new(connection, &request_id, &event)
    }

    /// `$connect`: the only event with the handshake's headers and query string.
    pub(crate) fn connect(self, connection: &Connection, handshake: &Parts) -> Written {
        let request_id = ids::request_id(self.now_ms);
        let event = Event {
            headers: Some(Headers::of_handshake(handshake, &connection.identity.source_ip, self.now_ms)),
            query: Query::of(&handshake.uri),
            ..self.event(self.context("$connect", connection, "CONNECT", &request_id))
        };
        Written::new(connection, &request_id, &event)
    }

    /// A message on the route that was selected for it.
    pub(crate) fn message(self, route_key: &str, connection: &Connection, body: &str) -> Written {
        let request_id = ids::request_id(self.now_ms);
        let context = RequestContext {
            message_id: Some(ids::message_id(self.now_ms, &connection.id)),
            ..self.context(route_key, connection, "MESSAGE", &request_id)
        };
        let event = Event { body: Some(body), ..self.event(context) };
        Written::new(connection, &request_id, &event)
    }

    /// `$disconnect`, with the four headers that it has.
    pub(crate) fn disconnect(self, connection: &Connection, closed: &Closed) -> Written {
        let request_id = ids::request_id(self.now_ms);
        let context = RequestContext {
            disconnect_status_code: Some(closed.code),
            disconnect_reason: Some(&closed.reason),
            ..self.context("$disconnect", connection, "DISCONNECT", &request_id)
        };
        let event = Event { headers: Some(Headers::of_disconnect(&connection.domain_name)), ..self.event(context) };
        Written::new(connection, &request_id, &event)
    }

    /// The parts that every event has.
    fn event(self, request_context: RequestContext<'e>) -> Event<'e> {
        Event {
            headers: None,
            query: None,
            stage_variables: &self.api.stage.variables,
            request_context,
            body: None,
            is_base64_encoded: false,
        }
    }

    /// The parts of the context that every event has. `requestId` and `extendedRequestId` are equal in all real events seen so far.
    fn context(
        self,
        route_key: &'e str,
        connection: &'e Connection,
        event_type: &'static str,
        request_id: &'e str,
    ) -> RequestContext<'e> {
        RequestContext {
            route_key,
            message_id: None,
            disconnect_status_code: None,
            authorizer: connection.authorizer.as_deref(),
            event_type,
            extended_request_id: request_id,
            request_time: request_time(self.now_ms),
            message_direction: "IN",
            disconnect_reason: None,
            stage: &self.api.stage.name,
            connected_at: connection.connected_at_ms,
            request_time_epoch: self.now_ms,
            identity: &connection.identity,
            request_id,
            domain_name: &connection.domain_name,
            connection_id: &connection.id,
            api_id: &self.api.api_id,
        }
    }
}

impl Written {
    fn new(connection: &Connection, request_id: &str, event: &impl Serialize) -> Self {
        // Enough for an event with a message of usual size.
        let mut json = Vec::with_capacity(1024);
        // An event consists of strings, numbers and maps with string keys, all of which JSON can hold.
        if serde_json::to_writer(&mut json, event).is_err() {
            json.clear();
        }
        Self { connection_id: connection.id.clone(), request_id: request_id.to_owned(), json: json.into() }
    }
}

fn no_variables(variables: &&BTreeMap<String, String>) -> bool {
    variables.is_empty()
}

/// Common Log Format in UTC: `06/Nov/2025:11:00:04 +0000`.
fn request_time(now_ms: u64) -> String {
    calendar_time(now_ms).strftime("%d/%b/%Y:%H:%M:%S +0000").to_string()
}

#[cfg(test)]
mod tests;
