//! TLS at the gateway's port, and what leads functions to it.

use std::collections::BTreeMap;
use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_sdk_apigatewaymanagement::config::{BehaviorVersion, Region};
use aws_sdk_apigatewaymanagement::primitives::Blob;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{Connector, MaybeTlsStream, WebSocketStream, client_async_tls_with_config};
use websocket_gateway::{Gateway, Level, What};

use crate::support::{Client, Keys, event_of, in_time, options, order, probe, start};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

fn address(gateway: &Gateway) -> SocketAddr {
    gateway.lambda_url().trim_start_matches("http://").parse().unwrap()
}

fn trusting(pem: &str) -> Connector {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        roots.add(certificate.unwrap()).unwrap();
    }
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = builder.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
    Connector::Rustls(Arc::new(config.with_no_client_auth()))
}

/// Connects to `wss://{host}/{stage}`, wherever the host is.
async fn connect(gateway: &Gateway, host: &str, roots: &str) -> Result<Socket, String> {
    let stream = TcpStream::connect(address(gateway)).await.unwrap();
    let url = format!("wss://{host}/{}", gateway.api().stage.name);
    let handshake = client_async_tls_with_config(url, stream, None, Some(trusting(roots)));
    in_time("the handshake", handshake).await.map(|(socket, _)| socket).map_err(|error| error.to_string())
}

/// A message to the probe, and its answer.
async fn ask(socket: &mut Socket, message: &str) -> Value {
    socket.send(Message::text(message)).await.unwrap();
    let answer = in_time("the answer", socket.next()).await.unwrap().unwrap();
    serde_json::from_str(answer.to_text().unwrap()).unwrap()
}

/// The variables of a function, which must be the probe.
async fn environment(gateway: &Gateway, names: &[&str]) -> BTreeMap<String, String> {
    let event = json!({ "queryStringParameters": { "do": json!({ "variables": names }).to_string() } });
    let answer = gateway.invoke("Probe", event.to_string()).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer).unwrap();
    serde_json::from_str(answer["body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn one_port_serves_both_and_a_function_posts_to_the_domain_name() {
    let gateway = probe().await;
    let address = address(&gateway);
    let authority = gateway.certificate_authority();
    let mut plain = Client::connect(&gateway, "").await;
    let mut socket = connect(&gateway, &address.to_string(), authority).await.unwrap();
    let event = ask(&mut socket, "hello").await;
    let context = &event["requestContext"];
    assert_eq!(context["domainName"], address.to_string());

    // As the samples of AWS do it, with an SDK.
    let trust = TrustStore::empty().with_pem_certificate(authority.as_bytes());
    let tls = TlsContext::builder().with_trust_store(trust).build().unwrap();
    let https = aws_smithy_http_client::Builder::new().tls_provider(Provider::rustls(CryptoMode::Ring));
    let config = aws_sdk_apigatewaymanagement::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(format!(
            "https://{}/{}",
            context["domainName"].as_str().unwrap(),
            context["stage"].as_str().unwrap()
        ))
        .region(Region::new("us-east-1"))
        .credentials_provider(Keys::of(&gateway, "Probe").await.credentials())
        .http_client(https.tls_context(tls).build_https());
    let sdk = aws_sdk_apigatewaymanagement::Client::from_conf(config.build());
    let id = context["connectionId"].as_str().unwrap();
    sdk.post_to_connection().connection_id(id).data(Blob::new("posted")).send().await.unwrap();
    assert_eq!(in_time("the post", socket.next()).await.unwrap().unwrap().to_text().unwrap(), "posted");
    sdk.delete_connection().connection_id(id).send().await.unwrap();
    assert!(matches!(in_time("the close", socket.next()).await, Some(Ok(Message::Close(Some(_))))));
    // TLS ends in good order, too.
    assert!(in_time("the end", socket.next()).await.is_none());

    plain.send("still there?").await;
    assert_eq!(plain.hear_json().await["body"], "still there?");
    gateway.stop().await;
}

#[tokio::test]
async fn a_frame_of_any_size_that_is_allowed_passes_through_tls() {
    let gateway = probe().await;
    let mut socket = connect(&gateway, "localhost", gateway.certificate_authority()).await.unwrap();
    let fill = "x".repeat(30_000);
    for _ in 0..3 {
        assert_eq!(ask(&mut socket, &fill).await["body"], fill);
    }
    // A message that is too large is answered with a close frame, and not with a broken connection.
    socket.send(Message::text("x".repeat(200_000))).await.unwrap();
    match in_time("the close", socket.next()).await {
        Some(Ok(Message::Close(Some(frame)))) => assert_eq!(u16::from(frame.code), 1009),
        other => panic!("{other:?}"),
    }
    gateway.stop().await;
}

#[tokio::test]
async fn functions_trust_the_run_by_files_that_hold_no_key_and_are_gone_with_it() {
    let gateway = probe().await;
    let names = ["NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "WEBSOCKET_GATEWAY_HOSTS"];
    let environment = environment(&gateway, &names).await;
    let host = format!("{}.execute-api.us-east-1.amazonaws.com", gateway.api().api_id);
    let here = address(&gateway);
    let [store, queues] = [gateway.dynamodb_url(), gateway.sqs_url()].map(|url| url.trim_start_matches("http://"));
    let [lambda, dynamodb, sqs] =
        ["lambda", "dynamodb", "sqs"].map(|service| format!("{service}.us-east-1.amazonaws.com"));
    let hosts = format!("{host}={here},{lambda}={here},{dynamodb}={store},{sqs}={queues}");
    assert_eq!(environment["WEBSOCKET_GATEWAY_HOSTS"], hosts);

    let read = |name: &str| fs::read_to_string(&environment[name]).unwrap();
    assert_eq!(read("NODE_EXTRA_CA_CERTS"), gateway.certificate_authority());
    let bundle = read("SSL_CERT_FILE");
    assert_eq!(environment["REQUESTS_CA_BUNDLE"], environment["SSL_CERT_FILE"]);
    assert!(bundle.ends_with(gateway.certificate_authority()));
    // Where a machine has root certificates, they are in it, too.
    assert!(CertificateDer::pem_slice_iter(bundle.as_bytes()).all(|certificate| certificate.is_ok()));
    let directory = Path::new(&environment["SSL_CERT_FILE"]).parent().unwrap().to_owned();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(directory.parent().unwrap()) & 0o022, 0);
    for file in fs::read_dir(&directory).unwrap() {
        let file = file.unwrap().path();
        assert_eq!(mode(&file), 0o600);
        assert!(!fs::read_to_string(file).unwrap().contains("PRIVATE KEY"));
    }
    // The name by which a function may call the API on AWS, once its runtime leads it here.
    connect(&gateway, &host, &bundle).await.unwrap();
    gateway.stop().await;
    assert!(!directory.exists());
}

#[tokio::test]
async fn a_gateway_that_is_dropped_removes_its_files_too() {
    let gateway = probe().await;
    let environment = environment(&gateway, &["NODE_EXTRA_CA_CERTS"]).await;
    drop(gateway);
    assert!(!Path::new(&environment["NODE_EXTRA_CA_CERTS"]).exists());
}

#[tokio::test]
async fn only_a_host_that_is_allowed_becomes_the_domain_name() {
    let gateway = start(options("tests/templates/probe.yaml").allow_host("chat.example.com")).await;
    let own = address(&gateway).to_string();
    for (host, domain_name) in [
        ("chat.example.com", "chat.example.com"),
        ("CHAT.example.com:8443", "CHAT.example.com:8443"),
        ("evil.example", own.as_str()),
        ("localhost:1", &own),
        ("chat.example.com.evil.example", &own),
    ] {
        let mut client = Client::try_connect(&gateway.url(), &[("host", host)]).await.unwrap();
        client.send("who am I?").await;
        assert_eq!(client.hear_json().await["requestContext"]["domainName"], domain_name);
    }
    connect(&gateway, "chat.example.com", gateway.certificate_authority()).await.unwrap();
    gateway.stop().await;
}

#[tokio::test]
async fn web_pages_and_other_callers_are_held_off_over_tls_alike() {
    let gateway = start(options("tests/templates/probe.yaml").strict(true)).await;
    for (host, refusal) in [("evil.example", "DNS rebinding"), ("localhost", "Missing Authentication Token")] {
        let answer = over_tls(&gateway, &format!("GET /test/@connections/x HTTP/1.1\r\nhost: {host}\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 403 ") && answer.contains(refusal), "{answer}");
    }
    gateway.stop().await;
}

/// A request as it stands, and the beginning of its answer.
async fn over_tls(gateway: &Gateway, request: &str) -> String {
    let Connector::Rustls(config) = trusting(gateway.certificate_authority()) else { unreachable!() };
    let stream = TcpStream::connect(address(gateway)).await.unwrap();
    let name = "localhost".try_into().unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(config).connect(name, stream).await.unwrap();
    stream.write_all(request.replace("HTTP/1.1\r\n", "HTTP/1.1\r\nconnection: close\r\n").as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let _ = in_time("the answer", stream.read_to_end(&mut answer)).await;
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_url_without_the_stage_is_answered_in_the_log_with_the_scheme_that_the_client_used() {
    let gateway = probe().await;
    let mut happenings = gateway.happenings(Level::Warning);
    over_tls(&gateway, "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let happening = in_time("a warning", happenings.next()).await.unwrap();
    let What::Refused { why, .. } = &happening.what else { panic!("{happening:?}") };
    assert_eq!(why, "no stage in /: the URL is wss://localhost/test");
    gateway.stop().await;
}

#[tokio::test]
async fn a_client_that_does_not_finish_its_tls_handshake_is_hung_up_on() {
    let gateway = probe().await;
    for beginning in [&b""[..], b"\x16", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03"] {
        let mut stream = TcpStream::connect(address(&gateway)).await.unwrap();
        stream.write_all(beginning).await.unwrap();
        // From here on no time passes but what a task waits for, all at once.
        tokio::time::pause();
        let started = tokio::time::Instant::now();
        let _ = in_time("hanging up", stream.read_to_end(&mut Vec::new())).await;
        let waited = started.elapsed();
        tokio::time::resume();
        // Some of the time may have passed before.
        assert!((9..=10).contains(&waited.as_secs()), "{waited:?}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn clients_get_a_certificate_of_ones_own_where_it_is_valid() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("own-certificate");
    fs::create_dir_all(&folder).unwrap();
    let own = rcgen::generate_simple_self_signed(["chat.example.com".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    fs::write(&certificate, own.cert.pem()).unwrap();
    fs::write(&key, own.signing_key.serialize_pem()).unwrap();
    let gateway = start(options("tests/templates/probe.yaml").certificate(&certificate, &key)).await;
    let (of_the_run, own) = (gateway.certificate_authority(), own.cert.pem());
    connect(&gateway, "chat.example.com", &own).await.unwrap();
    connect(&gateway, "chat.example.com", of_the_run).await.unwrap_err();
    connect(&gateway, &address(&gateway).to_string(), of_the_run).await.unwrap();
    connect(&gateway, "localhost", &own).await.unwrap_err();
    gateway.stop().await;

    for (certificate, key, expected) in [
        (folder.join("none.pem"), key.clone(), "none.pem"),
        (certificate.clone(), certificate.clone(), "cert.pem"),
        (PathBuf::from("Cargo.toml"), key, "has no certificate"),
    ] {
        let started = Gateway::start(options("tests/templates/probe.yaml").certificate(certificate, key)).await;
        let error = started.unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("--tls-cert"), "{error}");
    }
}

#[tokio::test]
async fn header_names_reach_connect_as_the_client_wrote_them_over_either() {
    let gateway = start(options("tests/conformance/template.yaml").api("Api")).await;
    let mut invocations = gateway.invocations();
    let query = order(&json!({ "answer": { "statusCode": 403 } }));
    let path = format!("/{}{query}", gateway.api().stage.name);
    let headers = "connection: Upgrade\r\nUPGRADE: websocket\r\nsec-websocket-VERSION: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nX-MiXeD: 1\r\nCookie: a\r\n";
    // A handshake need not be the first request of its connection.
    let mut plain = TcpStream::connect(address(&gateway)).await.unwrap();
    for (request, status) in [
        ("GET /test HTTP/1.1\r\nHoSt: localhost\r\n\r\n".to_owned(), "426"),
        (format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n"), "403"),
    ] {
        plain.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let length = in_time("the answer", plain.read(&mut answer)).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{answer}");
    }
    let answer = over_tls(&gateway, &format!("GET {path} HTTP/1.1\r\nHOST: localhost\r\n{headers}\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 403 "), "{answer}");
    for host in ["host", "HOST"] {
        let event = event_of(&mut invocations, "$connect").await;
        let mut names: Vec<_> = event["headers"].as_object().unwrap().keys().map(String::as_str).collect();
        names.retain(|name| !name.starts_with("X-Forwarded") && *name != "X-Amzn-Trace-Id");
        let mut expected = [host, "sec-websocket-VERSION", "Sec-WebSocket-Key", "X-MiXeD", "Cookie"];
        expected.sort_unstable();
        names.sort_unstable();
        assert_eq!(names, expected);
    }
    gateway.stop().await;
}
