//! Which certificates the clients trust: Amazon's own roots, or those in the file that `AWS_CA_BUNDLE` names.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::{env, fs, thread};

use lambda_websocket::{Connections, Text};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::function;

/// What the outcome of the function's post must contain.
const EXPECTED: &str = "TEST_EXPECTED";

#[test]
fn a_bundle_takes_the_place_of_amazons_roots() {
    if let Some(url) = function::endpoint() {
        return function::run(post(url));
    }
    let authority = authority();
    let url = serve(&authority);
    let private = authority.pem();
    let amazon = fs::read_to_string("src/aws/amazon-roots.pem").unwrap();
    // As a system's own file of roots would be, with a private one added.
    let many = format!("# Amazon\n{amazon}\n{private}");
    let cases = [
        (Some(("private", private.as_str())), "Ok(Sent)"),
        (Some(("many", &many)), "Ok(Sent)"),
        (None, "UnknownIssuer"),
        (Some(("amazon", &amazon)), "UnknownIssuer"),
        (Some(("none", "no certificate")), "BadBundle"),
    ];
    for (bundle, expected) in cases {
        let bundle = bundle.map(|(name, pem)| file(name, pem));
        let mut variables = vec![(EXPECTED, expected)];
        variables.extend(bundle.iter().map(|path| ("AWS_CA_BUNDLE", path.as_str())));
        function::again("roots::a_bundle_takes_the_place_of_amazons_roots", &url, &variables);
    }
}

async fn post(url: String) {
    let id = "L0SM9cOFvHcCIhw=".parse().unwrap();
    let outcome = format!("{:?}", Connections::at(url).post(&id, &Text::from("hello")).await);
    let expected = env::var(EXPECTED).unwrap();
    assert!(outcome.contains(&expected), "expected {expected}: {outcome}");
}

fn file(name: &str, pem: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-roots.pem"));
    fs::write(&path, pem).unwrap();
    path.into_os_string().into_string().unwrap()
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
            // A client that does not trust this certificate says so and hangs up.
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
