//! The server's side of TLS as on AWS: RSA certificates with 2,048 bits, an issuer between the server's certificate and the root, and the
//! first cipher of the policies for TLS 1.3.
//! Source: API Gateway developer guide, "Security policy for WebSocket APIs".

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::{fs, io};

use benchmarks::Error;
use benchmarks::http::Wrap;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::crypto::ring::cipher_suite::TLS13_AES_128_GCM_SHA256;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A certificate authority of our own, and a server certificate that it has issued.
pub(crate) struct Tls {
    config: Arc<ServerConfig>,
    /// The root, for `AWS_CA_BUNDLE`.
    pub(crate) bundle: PathBuf,
}

impl Tls {
    pub(crate) fn new() -> Result<Self, Error> {
        let root = CertifiedIssuer::self_signed(authority("root")?, rsa_key()?)?;
        let issuer = CertifiedIssuer::signed_by(authority("issuer")?, rsa_key()?, &root)?;
        let key = rsa_key()?;
        let server = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;
        let bundle = Path::new(env!("CARGO_TARGET_TMPDIR")).join("roots.pem");
        fs::write(&bundle, root.pem())?;
        let chain = vec![server.der().clone(), issuer.as_ref().der().clone()];
        let mut provider = rustls::crypto::ring::default_provider();
        provider.cipher_suites.sort_by_key(|suite| *suite != TLS13_AES_128_GCM_SHA256);
        let mut config = ServerConfig::builder_with_provider(Arc::new(provider))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der())?)?;
        config.ignore_client_order = true;
        Ok(Self { config: Arc::new(config), bundle })
    }

    pub(crate) fn acceptor(&self) -> Acceptor {
        Acceptor(Arc::clone(&self.config))
    }
}

fn authority(name: &str) -> Result<CertificateParams, Error> {
    let mut params = CertificateParams::new([])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

/// Makes the keys with OpenSSL, because ring can sign with RSA but cannot make keys.
fn rsa_key() -> Result<KeyPair, Error> {
    let made = Command::new("openssl").args(["genpkey", "-algorithm", "RSA"]).output();
    let made = made.map_err(|error| format!("openssl, which makes the keys of the TLS server: {error}"))?;
    Ok(KeyPair::from_pem(std::str::from_utf8(&made.stdout)?)?)
}

pub(crate) struct Acceptor(Arc<ServerConfig>);

impl Wrap for Acceptor {
    type Stream = StreamOwned<ServerConnection, TcpStream>;

    fn wrap(&self, stream: TcpStream) -> io::Result<Self::Stream> {
        let connection = ServerConnection::new(Arc::clone(&self.0)).map_err(io::Error::other)?;
        Ok(StreamOwned::new(connection, stream))
    }
}
