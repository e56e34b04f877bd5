//! Which certificate a client gets: the user's own where that is valid, else the one that was made for this run.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::crypto::ring::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::{ClientHello, ParsedCertificate, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use super::Authority;

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CertificateError {
    #[error("can't read {}: {source}", .file.display())]
    Unreadable { file: PathBuf, source: pem::Error },
    #[error("{} has no certificate; it must be a PEM file with the server's certificate first", .0.display())]
    None(PathBuf),
    #[error("the certificate in {} can't be used with the key in {}: {source}", .certificate.display(), .key.display())]
    Unusable { certificate: PathBuf, key: PathBuf, source: rustls::Error },
    #[error("can't make a certificate: {0}")]
    NotMade(#[from] rcgen::Error),
    #[error("can't set up TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// The certificates of a gateway.
pub(crate) struct Certificates {
    /// For whom the gateway's own certificate is made.
    address: IpAddr,
    of_this_run: Arc<CertifiedKey>,
    of_the_user: Option<Arc<CertifiedKey>>,
}

impl Certificates {
    /// `address` is where clients reach the gateway that name no host.
    pub(crate) fn new(address: IpAddr, authority: Authority) -> Self {
        Self { address, of_this_run: Arc::new(authority.issued), of_the_user: None }
    }

    /// Prefers a certificate of the user's, with its key. Both are PEM files.
    pub(crate) fn prefer(mut self, certificate: &Path, key: &Path) -> Result<Self, CertificateError> {
        self.of_the_user = Some(Arc::new(read(certificate, key)?));
        Ok(self)
    }

    /// Whether a client that asks for this name is to get the user's certificate.
    fn is_the_users(&self, certified: &CertifiedKey, asked_for: Option<&str>) -> bool {
        // Clients ask for names only, and not for IP addresses.
        let name = match asked_for {
            Some(name) => ServerName::try_from(name).ok(),
            None => Some(self.address.into()),
        };
        let certificate = certified.end_entity_cert().and_then(ParsedCertificate::try_from);
        name.zip(certificate.ok()).is_some_and(|(name, certificate)| verify_server_name(&certificate, &name).is_ok())
    }
}

impl ResolvesServerCert for Certificates {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let of_the_user = self.of_the_user.as_ref().filter(|own| self.is_the_users(own, hello.server_name()));
        Some(Arc::clone(of_the_user.unwrap_or(&self.of_this_run)))
    }
}

/// Without the keys.
impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_the_user = self.of_the_user.is_some();
        f.debug_struct("Certificates")
            .field("address", &self.address)
            .field("of_the_user", &of_the_user)
            .finish_non_exhaustive()
    }
}

fn read(certificate: &Path, key: &Path) -> Result<CertifiedKey, CertificateError> {
    let unreadable = |file: &Path| {
        let file = file.to_owned();
        move |source| CertificateError::Unreadable { file, source }
    };
    let chain: Result<Vec<_>, _> = CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect);
    let chain = chain.map_err(unreadable(certificate))?;
    if chain.is_empty() {
        return Err(CertificateError::None(certificate.to_owned()));
    }
    let unusable =
        |source| CertificateError::Unusable { certificate: certificate.to_owned(), key: key.to_owned(), source };
    let der = PrivateKeyDer::from_pem_file(key).map_err(unreadable(key))?;
    let certified = CertifiedKey::new(chain, any_supported_type(&der).map_err(unusable)?);
    certified
        .keys_match()
        .and_then(|()| certified.end_entity_cert())
        .and_then(ParsedCertificate::try_from)
        .map_err(unusable)?;
    Ok(certified)
}
