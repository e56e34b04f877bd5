use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::Refusal;

/// How far the time of a signature may be from the current time, in seconds.
/// Source: IAM user guide, "Create a signed AWS API request": five minutes for most services.
const SKEW: i64 = 5 * 60;

/// The parts of an `Authorization` header of Signature Version 4.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Authorization<'a> {
    pub(super) access_key_id: &'a str,
    /// Day, region, service and `aws4_request`, with slashes between them.
    pub(super) scope: &'a str,
    /// Names with semicolons between them.
    pub(super) signed_headers: &'a str,
    /// In hexadecimal digits.
    pub(super) signature: &'a str,
}

impl<'a> Authorization<'a> {
    /// `None` for a header that is not complete, or that does not sign where the request goes, and when.
    pub(super) fn parse(header: &'a str) -> Option<Self> {
        let parameters = header.strip_prefix("AWS4-HMAC-SHA256 ")?;
        let value =
            |name: &str| parameters.split(',').find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='));
        let (access_key_id, scope) = value("Credential")?.split_once('/')?;
        let (signed_headers, signature) = (value("SignedHeaders")?, value("Signature")?);
        let is_signed = |name: &str| signed_headers.split(';').any(|signed| signed == name);
        let complete = is_signed("host") && is_signed("x-amz-date") && scope.split('/').count() == 4;
        complete.then_some(Self { access_key_id, scope, signed_headers, signature })
    }

    /// The day of the scope, as in `20260101`.
    pub(super) fn day(&self) -> &'a str {
        self.scope.split('/').next().unwrap_or_default()
    }

    pub(super) fn check_scope(&self, region: &str, service: &str) -> Result<(), Refusal> {
        let mut parts = self.scope.split('/').skip(1);
        let wrong = |expected: String| Err(Refusal::WrongScope { expected });
        match (parts.next(), parts.next(), parts.next()) {
            (Some(found), _, _) if found != region => wrong(format!("a valid region: '{region}'")),
            (_, Some(found), _) if found != service => wrong(format!("correct service: '{service}'")),
            (_, _, Some("aws4_request")) => Ok(()),
            _ => wrong("a valid terminator: 'aws4_request'".to_owned()),
        }
    }

    /// Checks the time of the signature, `signed_at`, which is written as in `20260101T120000Z`. `now` is in seconds since 1970.
    pub(super) fn check_date(&self, signed_at: &str, now: i64) -> Result<(), Refusal> {
        let time = DateTime::strptime("%Y%m%dT%H%M%SZ", signed_at).ok().and_then(|at| at.to_zoned(TimeZone::UTC).ok());
        let time = time.ok_or(Refusal::IncompleteSignature)?.timestamp().as_second();
        if !signed_at.starts_with(self.day()) {
            return Err(Refusal::WrongScope { expected: "the day of its date".to_owned() });
        }
        match time - now {
            ahead if ahead > SKEW => Err(Refusal::WrongTime(format!("Signature not yet current: {signed_at}"))),
            ahead if ahead < -SKEW => Err(Refusal::WrongTime(format!("Signature expired: {signed_at}"))),
            _ => Ok(()),
        }
    }
}
