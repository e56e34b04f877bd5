//! Whom the clients trust: Amazon's own roots, or those of the file that `AWS_CA_BUNDLE` names.
//!
//! A variable belongs to a process, so each case is this program once more, as the function that posts.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::{env, fs, thread};

use lambda_websocket::Connections;
use lambda_websocket::Text;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const URL: &str = "TEST_POST_TO";

#[test]
fn a_bundle_takes_the_place_of_amazons_roots() {
    let authority = authority();
    let url = serve(&authority);
    let private = authority.pem();
    let amazon = fs::read_to_string("src/aws/amazon-roots.pem").unwrap();

    assert_eq!(post(&url, Some(&bundle("private", &private))), "Ok(Sent)");
    // As a system's own file of roots would be, with a private one added.
    assert_eq!(post(&url, Some(&bundle("many", &format!("# Amazon\n{amazon}\n{private}")))), "Ok(Sent)");

    for untrusting in [None, Some(bundle("amazon", &amazon))] {
        let outcome = post(&url, untrusting.as_deref());
        assert!(outcome.contains("UnknownIssuer"), "{outcome}");
    }
    let outcome = post(&url, Some(&bundle("none", "no certificate")));
    assert!(outcome.contains("BadBundle"), "{outcome}");
}

#[tokio::test]
#[ignore = "the function of the other test"]
async fn function() {
    let Ok(url) = env::var(URL) else { return };
    let id = "L0SM9cOFvHcCIhw=".parse().unwrap();
    println!("<<{:?}>>", Connections::at(url).post(&id, &Text::from("hello")).await);
}

fn post(url: &str, bundle: Option<&Path>) -> String {
    let mut function = Command::new(env::current_exe().unwrap());
    function.args(["--exact", "function", "--ignored", "--nocapture"]).env(URL, url).env_remove("AWS_CA_BUNDLE");
    function.envs([("AWS_REGION", "eu-west-1"), ("AWS_ACCESS_KEY_ID", "key"), ("AWS_SECRET_ACCESS_KEY", "secret")]);
    if let Some(bundle) = bundle {
        function.env("AWS_CA_BUNDLE", bundle);
    }
    let output = String::from_utf8(function.output().unwrap().stdout).unwrap();
    let (_, outcome) = output.split_once("<<").unwrap();
    outcome.split_once(">>").unwrap().0.to_owned()
}

fn bundle(name: &str, pem: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-roots.pem"));
    fs::write(&path, pem).unwrap();
    path
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// `@connections` with a certificate of that authority.
fn serve(authority: &CertifiedIssuer<'static, KeyPair>) -> String {
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap().signed_by(&key, authority).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    let (config, listener) = (Arc::new(config), TcpListener::bind("127.0.0.1:0").unwrap());
    let url = format!("https://{}/prod", listener.local_addr().unwrap());
    thread::spawn(move || {
        for stream in listener.incoming() {
            let tls = ServerConnection::new(Arc::clone(&config)).unwrap();
            let mut stream = BufReader::new(StreamOwned::new(tls, stream.unwrap()));
            // Those that don't trust this certificate say so and are gone.
            let head = (&mut stream).lines().map_while(Result::ok).take_while(|line| !line.is_empty());
            if head.count() > 0 {
                stream
                    .get_mut()
                    .write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
                    .unwrap();
            }
        }
    });
    url
}
