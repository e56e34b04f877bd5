//! What functions sign their calls with.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Credentials that no real AWS account knows, and the region they are for.
///
/// All have one access key id, because some stores keep a database for each. Secret and session token are every function's own, and
/// new on every start; functions that are started elsewhere share a set that is known ahead of time.
#[derive(Debug)]
pub(crate) struct Credentials {
    region: String,
    /// By the logical ids of functions.
    issued: Mutex<BTreeMap<String, Keys>>,
}

/// Whose credentials they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// The function with this logical id.
    Function(String),
    /// One of those that are started elsewhere.
    AnyFunction,
}

#[derive(Clone)]
struct Keys {
    secret: String,
    session_token: String,
}

/// Has the shape of an access key id, which some local stores insist on, and says what it is.
pub(crate) const ACCESS_KEY_ID: &str = "AKIALOCALGATEWAY0000";

/// The secret that functions elsewhere share, and their session token.
const SHARED: &str = "local-gateway";

impl Credentials {
    pub(crate) fn new(region: &str) -> Self {
        Self { region: region.to_owned(), issued: Mutex::default() }
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// For functions that are started elsewhere, as Lambda would hand them to a function.
    pub(crate) fn shared(&self) -> BTreeMap<String, String> {
        self.environment(&Keys { secret: SHARED.to_owned(), session_token: SHARED.to_owned() })
    }

    /// For the function with this logical id: the same for as long as the gateway runs.
    pub(crate) fn of(&self, function: &str) -> BTreeMap<String, String> {
        let keys = self.lock().entry(function.to_owned()).or_insert_with(Keys::random).clone();
        self.environment(&keys)
    }

    /// Who has the credentials with this session token, and with which secret.
    pub(crate) fn holder(&self, session_token: Option<&str>) -> Option<(Holder, String)> {
        // Whoever sets these by hand may have left the token out.
        let Some(session_token) = session_token.filter(|token| *token != SHARED) else {
            return Some((Holder::AnyFunction, SHARED.to_owned()));
        };
        let issued = self.lock();
        let (function, keys) = issued.iter().find(|(_, keys)| keys.session_token == session_token)?;
        Some((Holder::Function(function.clone()), keys.secret.clone()))
    }

    fn environment(&self, keys: &Keys) -> BTreeMap<String, String> {
        [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID),
            ("AWS_SECRET_ACCESS_KEY", &keys.secret),
            ("AWS_SESSION_TOKEN", &keys.session_token),
            ("AWS_REGION", &self.region),
            ("AWS_DEFAULT_REGION", &self.region),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Keys>> {
        self.issued.lock().unwrap_or_else(PoisonError::into_inner)
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

impl Keys {
    /// As long as AWS's own secret, and in its alphabet.
    fn random() -> Self {
        let random = || STANDARD.encode(rand::random::<[u8; 30]>());
        Self { secret: random(), session_token: random() }
    }
}

/// They are nobody else's business, nor that of a log.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys")
    }
}
