//! What functions sign their calls with.

use std::collections::BTreeMap;

/// Credentials that no real AWS account knows, and the region they are for.
#[derive(Clone, Debug)]
pub(crate) struct Credentials {
    region: String,
}

/// Has the shape of an access key id, which some local stores insist on, and says what it is.
const ACCESS_KEY_ID: &str = "AKIALOCALGATEWAY0000";
const SECRET_ACCESS_KEY: &str = "local-gateway";

impl Credentials {
    pub(crate) fn new(region: &str) -> Self {
        Self { region: region.to_owned() }
    }

    /// As Lambda hands them to a function.
    pub(crate) fn environment(&self) -> BTreeMap<String, String> {
        [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY),
            ("AWS_REGION", &self.region),
            ("AWS_DEFAULT_REGION", &self.region),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    /// The header of a signed request, without a signature.
    pub(crate) fn unsigned_authorization(&self, service: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/20260101/{}/{service}/aws4_request, \
             SignedHeaders=host;x-amz-date;x-amz-target, Signature={:064}",
            self.region, 0
        )
    }
}
