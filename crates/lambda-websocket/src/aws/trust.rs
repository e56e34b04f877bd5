//! Which certificates the clients trust.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::cause::BoxError;

/// The roots that the certificates of AWS's endpoints chain to. Reading all of a system's roots instead would be most of an SDK's cold
/// start.
/// Source: Amazon Trust Services, "Root CAs".
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon-roots.pem");

/// `AWS_CA_BUNDLE` names a file that can't be used.
#[derive(Debug, thiserror::Error)]
#[error("AWS_CA_BUNDLE names {}, which is not a file of PEM certificates", .path.display())]
pub(super) struct BadBundle {
    path: PathBuf,
    source: BoxError,
}

/// `AWS_CA_BUNDLE` names a file of roots to trust instead of Amazon's, for a proxy or a private endpoint, as for the AWS CLI.
pub(super) fn roots() -> Result<Vec<u8>, BadBundle> {
    let Some(path) = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()).map(PathBuf::from) else {
        return Ok(AMAZON_ROOTS.to_vec());
    };
    read(&path).map_err(|source| BadBundle { path, source })
}

/// Checks the certificates too: the SDK's HTTP client panics on one that it can't read.
fn read(path: &Path) -> Result<Vec<u8>, BoxError> {
    let pem = std::fs::read(path)?;
    let mut store = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&pem) {
        store.add(certificate?)?;
    }
    if store.is_empty() { Err("there is no certificate in it".into()) } else { Ok(pem) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_roots_are_five_certificates() {
        let mut store = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(AMAZON_ROOTS) {
            store.add(certificate.unwrap()).unwrap();
        }
        assert_eq!(store.len(), 5);
    }

    #[test]
    fn a_file_without_certificates_is_an_error_that_says_so() {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR"));
        assert!(read(&manifest.join("src/aws/amazon-roots.pem")).is_ok());
        let error = read(&manifest.join("Cargo.toml")).unwrap_err();
        assert_eq!(error.to_string(), "there is no certificate in it");
        assert!(read(&manifest.join("missing.pem")).is_err());
    }
}
