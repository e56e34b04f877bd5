use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use http::Request;
use lambda_http::RequestExt;
use lambda_http::request::RequestContext;
use serde_json::{Value, json};

use super::*;
use crate::api::{Account, RouteSelectionExpression, Stage};

fn api(variables: &[(&str, &str)]) -> Api {
    Api {
        logical_id: "WebSocketApi".into(),
        api_id: "abcd123456".into(),
        route_selection_expression: RouteSelectionExpression::parse("$request.body.action").unwrap(),
        stage: Stage {
            name: "prod".into(),
            variables: variables.iter().map(|(k, v)| ((*k).into(), (*v).into())).collect(),
        },
        account: Account::default(),
        routes: BTreeMap::new(),
        unserved: BTreeMap::new(),
        authorizer: None,
        functions: BTreeMap::new(),
        tables: Vec::new(),
        queues: Vec::new(),
        event_sources: Vec::new(),
    }
}

fn connection(user_agent: Option<&str>) -> Connection {
    Connection {
        id: ConnectionId::new(1_762_426_800_123),
        connected_at_ms: 1_762_426_800_123,
        domain_name: "127.0.0.1".into(),
        identity: Identity { user_agent: user_agent.map(str::to_owned), source_ip: "192.0.2.1".into() },
        authorizer: None,
    }
}

fn handshake(url: &str) -> Parts {
    Request::get(url).body(()).unwrap().into_parts().0
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = value.as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

fn json_of(written: &Written) -> Value {
    let event: Value = serde_json::from_slice(&written.json).unwrap();
    assert_eq!(event["requestContext"]["requestId"], written.request_id);
    assert_eq!(event["requestContext"]["extendedRequestId"], written.request_id);
    event
}

const CONTEXT: [&str; 13] = [
    "apiId",
    "connectedAt",
    "connectionId",
    "domainName",
    "eventType",
    "extendedRequestId",
    "identity",
    "messageDirection",
    "requestId",
    "requestTime",
    "requestTimeEpoch",
    "routeKey",
    "stage",
];

fn with(extra: &[&'static str]) -> Vec<&'static str> {
    let mut keys = [&CONTEXT, extra].concat();
    keys.sort_unstable();
    keys
}

#[test]
fn a_connect_event_has_the_keys_of_a_real_one_and_no_other() {
    let (api, connection) = (api(&[]), connection(Some("wscat")));
    let writer = Writer { api: &api, now_ms: 1_762_426_800_125 };
    let event = json_of(&writer.connect(&connection, &handshake("/prod?token=t%201&a=1&a=2")));
    assert_eq!(
        keys(&event),
        [
            "headers",
            "isBase64Encoded",
            "multiValueHeaders",
            "multiValueQueryStringParameters",
            "queryStringParameters",
            "requestContext"
        ]
    );
    assert_eq!(keys(&event["requestContext"]), with(&[]));
    assert_eq!(event["queryStringParameters"], json!({ "token": "t 1", "a": "2" }));
    assert_eq!(event["multiValueQueryStringParameters"]["a"], json!(["1", "2"]));
    assert_eq!(event["requestContext"]["requestTime"], "06/Nov/2025:11:00:00 +0000");
    assert_eq!(event["requestContext"]["identity"], json!({ "userAgent": "wscat", "sourceIp": "192.0.2.1" }));
    assert_eq!(event["isBase64Encoded"], json!(false));

    let event = json_of(&writer.connect(&connection, &handshake("/prod")));
    assert_eq!(keys(&event), ["headers", "isBase64Encoded", "multiValueHeaders", "requestContext"]);
}

#[test]
fn a_message_event_has_no_headers_and_a_message_id() {
    let (api, connection) = (api(&[("colour", "blue")]), connection(None));
    let event = json_of(&Writer { api: &api, now_ms: 1_762_426_804_011 }.message("hello", &connection, "{}"));
    assert_eq!(keys(&event), ["body", "isBase64Encoded", "requestContext", "stageVariables"]);
    assert_eq!(keys(&event["requestContext"]), with(&["messageId"]));
    assert_eq!(event["requestContext"]["identity"], json!({ "sourceIp": "192.0.2.1" }));
    assert_eq!(event["stageVariables"], json!({ "colour": "blue" }));
    assert_eq!(event["body"], "{}");
}

#[test]
fn a_disconnect_event_has_four_headers_and_says_why() {
    let (api, connection) = (api(&[]), connection(None));
    let closed = Closed { code: 1001, reason: String::new() };
    let event = json_of(&Writer { api: &api, now_ms: 1_762_426_814_377 }.disconnect(&connection, &closed));
    assert_eq!(keys(&event), ["headers", "isBase64Encoded", "multiValueHeaders", "requestContext"]);
    assert_eq!(keys(&event["requestContext"]), with(&["disconnectReason", "disconnectStatusCode"]));
    assert_eq!(keys(&event["headers"]), ["Host", "X-Forwarded-For", "x-api-key", "x-restapi"]);
    assert_eq!(event["requestContext"]["disconnectStatusCode"], json!(1001));
    assert_eq!(event["requestContext"]["disconnectReason"], "");
}

/// One event of each kind with all optional parts, by its `eventType`.
fn every_event() -> [(&'static str, Bytes); 4] {
    let (api, mut connection) = (api(&[("colour", "blue")]), connection(Some("wscat")));
    let said = json!({ "tenant": "acme", "principalId": "user-1", "integrationLatency": 21 });
    connection.authorizer = said.as_object().cloned().map(Arc::new);
    let writer = Writer { api: &api, now_ms: 1_762_426_804_011 };
    let connect = |url| {
        let mut handshake = handshake(url);
        handshake.headers.insert("sec-websocket-protocol", "chat.v2, chat.v1".parse().unwrap());
        writer.connect(&connection, &handshake).json
    };
    let closed = Closed { code: 1005, reason: "Client-side close frame status not set".to_owned() };
    [
        ("CONNECT", connect("/prod")),
        ("CONNECT", connect("/prod?room=blue%20room&n=1&n=2")),
        ("MESSAGE", writer.message("hello", &connection, "{}").json),
        ("DISCONNECT", writer.disconnect(&connection, &closed).json),
    ]
}

#[test]
fn aws_lambda_events_reads_every_event() {
    for (event_type, json) in every_event() {
        let event: ApiGatewayWebsocketProxyRequest = serde_json::from_slice(&json).unwrap();
        let context = event.request_context;
        assert_eq!(context.event_type.as_deref(), Some(event_type));
        assert_eq!((context.connected_at, context.request_time_epoch), (1_762_426_800_123, 1_762_426_804_011));
        assert_eq!(context.message_id.is_some(), event_type == "MESSAGE");
        assert_eq!(context.disconnect_status_code, (event_type == "DISCONNECT").then_some(1005));
        assert_eq!(context.identity.user_agent.as_deref(), Some("wscat"));
    }
}

/// `lambda_http` tries one kind of request after the other, and must not read a WebSocket event as one of a REST API.
#[test]
fn lambda_http_reads_every_event() {
    for (event_type, json) in every_event() {
        let request = lambda_http::request::from_reader(&json[..]).unwrap();
        match request.request_context_ref() {
            Some(RequestContext::WebSocket(context)) => assert_eq!(context.event_type.as_deref(), Some(event_type)),
            other => panic!("{event_type}: {other:?}"),
        }
    }
}

#[test]
fn an_authorizer_event_has_even_empty_maps_and_the_headers_that_connect_does_not_get() {
    let (api, connection) = (api(&[]), connection(None));
    let writer = Writer { api: &api, now_ms: 1_762_426_800_125 };
    let event = json_of(&writer.authorize(&connection, &handshake("/prod")));
    assert_eq!(
        keys(&event),
        [
            "headers",
            "methodArn",
            "multiValueHeaders",
            "multiValueQueryStringParameters",
            "queryStringParameters",
            "requestContext",
            "stageVariables",
            "type"
        ]
    );
    assert_eq!(event["type"], "REQUEST");
    assert_eq!(event["methodArn"], "arn:aws:execute-api:us-east-1:123456789012:abcd123456/prod/$connect");
    for map in ["multiValueQueryStringParameters", "queryStringParameters", "stageVariables"] {
        assert_eq!(event[map], json!({}), "{map}");
    }
    for (name, value) in [("Connection", "upgrade"), ("Upgrade", "websocket"), ("content-length", "0")] {
        assert_eq!(event["headers"][name], value);
        assert_eq!(event["multiValueHeaders"][name], json!([value]));
    }
    assert_eq!(keys(&event["requestContext"]), with(&[]));
    assert_eq!(event["requestContext"]["routeKey"], "$connect");
}

#[test]
fn the_authorizers_context_is_in_every_event() {
    let (api, mut connection) = (api(&[]), connection(None));
    let said = json!({ "tenant": "acme", "principalId": "user-1", "integrationLatency": 21 });
    connection.authorizer = said.as_object().cloned().map(Arc::new);
    let writer = Writer { api: &api, now_ms: 1_762_426_800_125 };
    let closed = Closed { code: 1001, reason: String::new() };
    for written in [
        writer.connect(&connection, &handshake("/prod")),
        writer.message("hello", &connection, "{}"),
        writer.disconnect(&connection, &closed),
    ] {
        assert_eq!(json_of(&written)["requestContext"]["authorizer"], said);
    }
}
