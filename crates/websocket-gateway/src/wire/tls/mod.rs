//! TLS at a port that speaks plain text, too.

mod authority;
mod certificate;

use std::io;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::server::ResolvesServerCert;

pub(crate) use authority::Authority;
pub(crate) use certificate::{CertificateError, Certificates};

/// What a connection has become after its handshake.
pub(super) type TlsStream = tokio_rustls::server::TlsStream<TcpStream>;

/// The first byte of a TLS connection: a record with a part of a handshake.
const HANDSHAKE: u8 = 0x16;

/// The only protocol within TLS.
const HTTP_1_1: &[u8] = b"http/1.1";

/// The server's side of TLS.
#[derive(Clone)]
pub(crate) struct Tls(TlsAcceptor);

impl Tls {
    /// With certificates for the names that a client may ask for.
    pub(crate) fn new(certificates: impl ResolvesServerCert + 'static) -> Result<Self, CertificateError> {
        let builder = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let mut config = builder
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(certificates));
        config.alpn_protocols = vec![HTTP_1_1.to_vec()];
        Ok(Self(TlsAcceptor::from(Arc::new(config))))
    }

    pub(super) async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream> {
        self.0.accept(stream).await
    }
}

/// Waits for a client's first byte, and leaves it where it is.
pub(super) async fn is_wanted(stream: &TcpStream) -> io::Result<bool> {
    let mut first = [0];
    Ok(stream.peek(&mut first).await? == 1 && first == [HANDSHAKE])
}
