//! What a web page in a browser on this machine can reach: the WebSocket, as on AWS, and nothing else.

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;

use rustix::process::Signal;
use serde_json::Value;
use websocket_gateway::{Door, Gateway, Happenings, Level, What};

use crate::support::{
    Client, connection_url, end, example, gateway, http, in_time, options, probe, raw, serving, signal, start,
};

/// A user's own keys. A page that was rebound may send any header.
const SIGNED: &str = "authorization: AWS4-HMAC-SHA256 Credential=AKIAUSER000000000000/20260101/us-east-1/dynamodb/aws4_request, \
    SignedHeaders=host;x-amz-date, Signature=00\r\nx-amz-date: 20260101T000000Z\r\n";

const LIST_TABLES: &str = "x-amz-target: DynamoDB_20120810.ListTables\r\ncontent-type: application/x-amz-json-1.0\r\n";
const LIST_QUEUES: &str = "x-amz-target: AmazonSQS.ListQueues\r\ncontent-type: application/x-amz-json-1.0\r\n";

/// Where a process listens, as a browser would connect to it.
fn listeners(pid: u32) -> Vec<String> {
    let links = fs::read_dir(format!("/proc/{pid}/fd")).unwrap();
    let links: Vec<_> = links.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok()).collect();
    let of_the_process = |inode: &str| links.iter().any(|link| link.to_string_lossy() == format!("socket:[{inode}]"));
    let mut found = Vec::new();
    for (file, host) in [("tcp", "127.0.0.1"), ("tcp6", "[::1]")] {
        let table = fs::read_to_string(format!("/proc/{pid}/net/{file}")).unwrap_or_default();
        for line in table.lines().skip(1) {
            let columns: Vec<_> = line.split_whitespace().collect();
            let (local, state, inode) = (columns[1], columns[3], columns[9]);
            // 0A is LISTEN.
            if state == "0A" && of_the_process(inode) {
                let port = u16::from_str_radix(local.rsplit(':').next().unwrap(), 16).unwrap();
                found.push(format!("{host}:{port}"));
            }
        }
    }
    found
}

/// What a page tries at a listener, each with the request that a browser makes of it.
fn attempts(address: &str, connection_id: &str) -> Vec<(&'static str, String)> {
    let targets = [
        ("POST", format!("/test/@connections/{connection_id}"), ""),
        ("GET", format!("/test/@connections/{connection_id}"), ""),
        ("DELETE", format!("/test/@connections/{connection_id}"), ""),
        ("POST", "/2015-03-31/functions/Probe/invocations".to_owned(), ""),
        ("POST", "/".to_owned(), LIST_TABLES),
        ("POST", "/".to_owned(), LIST_QUEUES),
        ("GET", "/@console".to_owned(), ""),
        ("GET", "/@console/api/happenings".to_owned(), ""),
        ("POST", format!("/@console/api/connections/{connection_id}/posts"), ""),
    ];
    let port = address.rsplit(':').next().unwrap();
    let mut attempts = Vec::new();
    for (method, path, headers) in targets {
        let request = |method: &str, target: &str, host: &str, headers: &str| {
            format!("{method} {target} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 2\r\n{headers}\r\n{{}}")
        };
        let text = "content-type: text/plain\r\n";
        let evil = "origin: http://evil.example\r\n";
        let preflight = format!(
            "{evil}access-control-request-method: {method}\r\naccess-control-request-headers: authorization,x-amz-target\r\n\
             access-control-request-private-network: true\r\n"
        );
        let rebound = format!("evil.example:{port}");
        let own = format!("{SIGNED}{headers}");
        attempts.extend([
            ("a plain post", request(method, &path, address, &format!("{evil}{text}{own}"))),
            ("a page without a name", request(method, &path, address, &format!("origin: null\r\n{text}{own}"))),
            ("a page of another port", request(method, &path, address, &format!("origin: http://{rebound}\r\n{own}"))),
            ("a rebound page", request(method, &path, &rebound, &own)),
            ("a rebound page's post", request(method, &path, &rebound, &format!("origin: http://{rebound}\r\n{own}"))),
            ("a whole URL", request(method, &format!("http://{rebound}{path}"), address, &own)),
            ("an image", request(method, &path, address, &format!("sec-fetch-site: cross-site\r\n{own}"))),
            ("a preflight", request("OPTIONS", &path, address, &preflight)),
        ]);
    }
    attempts
}

#[tokio::test]
async fn no_port_serves_a_web_page() {
    let (mut program, url) = serving(&mut gateway(&["--template", "tests/templates/probe.yaml", "--port", "0"])).await;
    let mut client = Client::try_connect(&url, &[]).await.unwrap();
    client.send("who am I?").await;
    let event = client.hear_json().await;
    let id = event["requestContext"]["connectionId"].as_str().unwrap();
    let mut served = async || -> u32 {
        client.send(r#"{"do":"count"}"#).await;
        client.hear().await.parse().unwrap()
    };
    let before = served().await;

    let listeners = listeners(program.id().unwrap());
    let address = url.trim_start_matches("ws://").split('/').next().unwrap();
    assert!(listeners.iter().any(|listener| listener == address), "{listeners:?} lacks {address}");
    // The API, DynamoDB, SQS and the Runtime API.
    assert!(listeners.len() >= 4, "{listeners:?}");
    let mut faults: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for listener in &listeners {
        for (attempt, request) in attempts(listener, id) {
            let (status, head) = raw(listener, &request).await;
            if status < 400 || head.contains("access-control-allow-origin") {
                let line = request.lines().next().unwrap();
                faults.entry(listener).or_default().push(format!("{attempt}: {line}: {head}"));
            }
        }
    }
    assert!(faults.is_empty(), "{faults:#?}");

    // Nothing was delivered, and no function was invoked, in between.
    assert_eq!(served().await, before + 1);
    // The same requests are served if no page sends them.
    let origin = format!("http://{address}");
    let invoke = format!("{origin}/2015-03-31/functions/Probe/invocations");
    for url in [format!("{origin}/test/@connections/{id}"), invoke] {
        assert_eq!(http(&url, "POST", &format!("content-length: 2\r\n{SIGNED}"), "{}").await.0, 200, "{url}");
    }
    for list in [LIST_TABLES, LIST_QUEUES] {
        let mut served = 0;
        for listener in &listeners {
            let headers = format!("content-length: 2\r\n{SIGNED}{list}");
            served += usize::from(http(&format!("http://{listener}/"), "POST", &headers, "{}").await.0 == 200);
        }
        assert_eq!(served, 1, "{list}");
    }
    signal(&program, Signal::INT);
    end(&mut program).await;
}

#[tokio::test]
async fn an_unknown_host_or_page_is_told_how_to_be_allowed() {
    let gateway = probe().await;
    let (_client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let store = format!("{}/", gateway.dynamodb_url());
    let function = format!("{}/2015-03-31/functions/Probe/invocations", gateway.lambda_url());
    let mut happenings = gateway.happenings(Level::Warning);
    let queues = format!("{}/", gateway.sqs_url());
    let doors = [
        (connection_url(&gateway, &id), Door::ManagementApi),
        (function, Door::InvokeApi),
        (store, Door::DynamoDb),
        (queues, Door::Sqs),
    ];
    for (url, door) in doors {
        let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        for headers in ["host: gateway.example", "host: localhost\r\norigin: https://gateway.example"] {
            let request = format!("POST /{path} HTTP/1.1\r\n{headers}\r\ncontent-length: 2\r\n\r\n{{}}");
            let (status, head) = raw(address, &request).await;
            assert_eq!(status, 403, "{door:?}: {head}");
            let (refused_at, why) = refusal(&mut happenings).await;
            assert_eq!(refused_at, door);
            assert!(why.contains("--allow-host gateway.example"), "{why}");
        }
    }
    let mut sdk = crate::support::Keys::shared().management_api(&gateway).config().to_builder();
    let port = gateway.lambda_url().rsplit(':').next().unwrap().to_owned();
    // This name is this machine's in every resolver, but it is not a loopback name to the gateway.
    sdk.set_endpoint_url(Some(format!("http://0:{port}/test")));
    let sdk = aws_sdk_apigatewaymanagement::Client::from_conf(sdk.build());
    let error = sdk.get_connection().connection_id(&id).send().await.unwrap_err();
    let message = aws_sdk_apigatewaymanagement::error::ProvideErrorMetadata::message(&error).unwrap_or_default();
    assert!(message.contains("--allow-host 0"), "{error:?}");
    gateway.stop().await;
}

async fn refusal(happenings: &mut Happenings) -> (Door, String) {
    loop {
        let happening = in_time("a refusal", happenings.next()).await.unwrap();
        if let What::Refused { door, why, .. } = &happening.what {
            return (*door, why.clone());
        }
    }
}

#[tokio::test]
async fn an_allowed_host_is_served() {
    let gateway = start(options("tests/templates/probe.yaml").allow_host("tunnel.example").allow_host("::1")).await;
    let (mut client, id) = Client::connect_and_ask_for_its_id(&gateway).await;
    let url = connection_url(&gateway, &id);
    let (address, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
    for (headers, expected) in [
        ("host: tunnel.example", 200),
        ("host: Tunnel.Example.:443\r\norigin: https://tunnel.example", 200),
        ("host: localhost\r\norigin: http://[::1]:5173\r\nsec-fetch-site: cross-site", 200),
        ("host: other.tunnel.example", 403),
        ("host: tunnel.example\r\norigin: https://other.example", 403),
    ] {
        let request = format!("POST /{path} HTTP/1.1\r\n{headers}\r\ncontent-length: 1\r\n\r\nx");
        let (status, head) = raw(address, &request).await;
        assert_eq!(status, expected, "{headers}: {head}");
        assert!(!head.contains("access-control-allow-origin"), "{head}");
        if expected == 200 {
            assert_eq!(client.hear().await, "x");
        }
    }
    client.ping("nothing else").await;
    gateway.stop().await;
}

#[tokio::test]
async fn every_page_may_connect_as_on_aws() {
    let gateway = probe().await;
    let headers = [("origin", "http://evil.example"), ("host", "evil.example"), ("sec-fetch-site", "cross-site")];
    let mut client = Client::try_connect(&gateway.url(), &headers).await.unwrap();
    client.send("who am I?").await;
    let event: Value = client.hear_json().await;
    // But none can say where functions post to.
    assert_eq!(event["requestContext"]["domainName"], gateway.lambda_url().trim_start_matches("http://"));
    gateway.stop().await;
}

async fn assert_that_functions_reach_it(gateway: Gateway) {
    let mut client = Client::connect(&gateway, "").await;
    client.send(r#"{"action":"hello"}"#).await;
    assert!(client.hear().await.starts_with("Hello from hello."));
    gateway.stop().await;
}

/// The example keeps its connections in the table and posts to them.
#[tokio::test]
async fn functions_reach_the_gateway_wherever_it_listens() {
    assert_that_functions_reach_it(example().await).await;
    assert_that_functions_reach_it(start(options("template.yaml").host([0, 0, 0, 0].into())).await).await;
    // Some containers have no IPv6.
    if TcpListener::bind("[::1]:0").is_ok() {
        assert_that_functions_reach_it(start(options("template.yaml").host("::1".parse().unwrap())).await).await;
        assert_that_functions_reach_it(start(options("template.yaml").host("::".parse().unwrap())).await).await;
    }
}
