//! A certificate authority that lives as long as the gateway, for the gateway alone.

use jiff::ToSpan;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};
use tokio_rustls::rustls::crypto::ring::sign::any_supported_type;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::sign::CertifiedKey;

use super::CertificateError;
use crate::clock::{calendar_time, real_seconds};

/// How the authority is called where certificates are listed.
const NAME: &str = "websocket-gateway, for one run";

/// An authority that has issued one certificate. Its own key is gone by then, so that it never issues another.
pub(crate) struct Authority {
    /// The authority's certificate, which clients have to trust.
    pub(crate) pem: String,
    pub(super) issued: CertifiedKey,
}

impl Authority {
    /// Makes an authority and its certificate for a server with these names and IP addresses.
    pub(crate) fn new(names: Vec<String>) -> Result<Self, CertificateError> {
        let mut params = valid_for_a_year(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, NAME);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;

        let mut params = valid_for_a_year(names)?;
        params.distinguished_name.push(DnType::CommonName, "websocket-gateway");
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        // Python insists on it.
        params.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &authority)?;

        let key = any_supported_type(&PrivateKeyDer::Pkcs8(key.serialize_der().into()))?;
        Ok(Self { pem: authority.pem(), issued: CertifiedKey::new(vec![certificate.der().clone()], key) })
    }
}

/// From yesterday on, because clocks differ. Some clients refuse certificates that are valid for longer than two years.
fn valid_for_a_year(names: Vec<String>) -> Result<CertificateParams, CertificateError> {
    let mut params = CertificateParams::new(names)?;
    let now = calendar_time(u64::try_from(real_seconds()).unwrap_or_default().saturating_mul(1000));
    let today = now.to_zoned(TimeZone::UTC).date();
    let day = |date: jiff::civil::Date| {
        date_time_ymd(date.year().into(), date.month().unsigned_abs(), date.day().unsigned_abs())
    };
    params.not_before = day(today.saturating_sub(1.day()));
    params.not_after = day(today.saturating_add(1.year()));
    Ok(params)
}
