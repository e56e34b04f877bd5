//! What the console shows beside what happens: the API, and the open connections.

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;

use super::samples::{self, Sample};
use super::{Console, json};
use crate::clock::millis;
use crate::secrets::subprotocols;
use crate::service::Service;
use crate::service::connections::OpenConnection;
use crate::wire::answer::Answer;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Gateway<'a> {
    version: &'static str,
    url: String,
    now: u64,
    route_selection_expression: String,
    routes: Vec<Route<'a>>,
    /// By their logical ids.
    functions: Vec<&'a str>,
    authorizer: Option<&'a str>,
    strict: bool,
    /// Whether the clock stands still until it is moved.
    clock_stands: bool,
    idle_timeout_ms: u64,
    max_duration_ms: u64,
    samples: Vec<Sample>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Route<'a> {
    route_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    function: Option<&'a str>,
    two_way: bool,
    /// Why the gateway can't serve it.
    #[serde(skip_serializing_if = "Option::is_none")]
    unserved: Option<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Open<'a> {
    connection_id: &'a str,
    connected_at: u64,
    last_active_at: u64,
    source_ip: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_agent: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal_id: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subprotocol: Option<String>,
}

pub(super) async fn answer(console: &Arc<Console>, service: &Service) -> Answer {
    let samples = samples::read(console.samples.clone()).await;
    let deployment = service.deployment();
    let api = &deployment.api;
    let served = api.routes.iter().map(|(route_key, route)| Route {
        route_key,
        function: Some(&route.function),
        two_way: route.route_response,
        unserved: None,
    });
    let unserved = api.unserved.iter().map(|(route_key, why)| Route {
        route_key,
        function: None,
        two_way: false,
        unserved: Some(why),
    });
    json(
        StatusCode::OK,
        &Gateway {
            version: env!("CARGO_PKG_VERSION"),
            url: service.url(),
            now: service.clock.now_ms(),
            route_selection_expression: api.route_selection_expression.to_string(),
            routes: served.chain(unserved).collect(),
            functions: api.functions.keys().map(String::as_str).collect(),
            authorizer: api.authorizer.as_ref().map(|authorizer| authorizer.function.as_str()),
            strict: service.guard.strict,
            clock_stands: service.clock.stands(),
            idle_timeout_ms: millis(service.idle_timeout),
            max_duration_ms: millis(service.max_duration),
            samples,
        },
    )
}

/// The open connections, the oldest first, with the time that it is by the gateway's clock.
pub(super) fn connections(service: &Service) -> Answer {
    #[derive(Serialize)]
    struct Answer<'a> {
        now: u64,
        connections: Vec<Open<'a>>,
    }
    let mut connections = service.open.all();
    connections.sort_by(|a, b| {
        let key = |connection: &OpenConnection| connection.facts.connected_at_ms;
        key(a).cmp(&key(b)).then_with(|| a.facts.id.as_str().cmp(b.facts.id.as_str()))
    });
    let connections = connections.iter().map(|connection| open(connection)).collect();
    json(StatusCode::OK, &Answer { now: service.clock.now_ms(), connections })
}

fn open(connection: &OpenConnection) -> Open<'_> {
    let facts = &connection.facts;
    Open {
        connection_id: facts.id.as_str(),
        connected_at: facts.connected_at_ms,
        last_active_at: connection.last_active_ms(),
        source_ip: &facts.identity.source_ip,
        user_agent: facts.identity.user_agent.as_deref(),
        // The rest of an authorizer's context may be secret.
        principal_id: facts.authorizer.as_ref().and_then(|context| context.get("principalId")?.as_str()),
        subprotocol: connection.subprotocol.as_deref().map(subprotocols),
    }
}
