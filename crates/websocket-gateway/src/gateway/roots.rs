//! The root certificates that the system's programs trust, as PEM.

#[cfg(target_os = "linux")]
pub(super) fn of_the_system() -> String {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;

    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::debug!("functions may not trust all root certificates of the system: {error}");
    }
    let mut pem = String::new();
    for root in found.certs {
        pem.push_str("-----BEGIN CERTIFICATE-----\n");
        for line in STANDARD.encode(root).as_bytes().chunks(64) {
            pem.extend(line.iter().copied().map(char::from));
            pem.push('\n');
        }
        pem.push_str("-----END CERTIFICATE-----\n");
    }
    pem
}

/// What macOS has for OpenSSL. What somebody has added to a keychain is not in it; but a program that reads keychains could only be linked with
/// Apple's SDK.
#[cfg(not(target_os = "linux"))]
pub(super) fn of_the_system() -> String {
    let file = std::env::var_os("SSL_CERT_FILE").unwrap_or_else(|| "/etc/ssl/cert.pem".into());
    match std::fs::read(&file) {
        Ok(pem) => String::from_utf8_lossy(&pem).into_owned() + "\n",
        Err(error) => {
            tracing::debug!("functions may not trust the root certificates of the system: {}: {error}", file.display());
            String::new()
        }
    }
}
