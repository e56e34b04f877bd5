//! The credentials that functions sign their calls with.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::signature::SigningKey;

/// Credentials that no real AWS account knows, and the region they are for.
///
/// All have the same access key id, because some stores keep a database for each. Every function has its own secret and session token, which
/// are new on every start; functions that are started elsewhere share a set that is known in advance.
pub(crate) struct Credentials {
    region: String,
    shared: Arc<Keys>,
    issued: RwLock<Issued>,
}

/// The same keys, found in two ways: by the function's logical id, and by the session token.
#[derive(Default)]
struct Issued {
    by_function: BTreeMap<String, Arc<Keys>>,
    by_token: BTreeMap<String, Arc<Keys>>,
}

/// Whose credentials they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Holder {
    /// The function with this logical id.
    Function(String),
    /// A function that is started elsewhere. The gateway can't tell which one.
    AnyFunction,
}

/// The keys of one holder.
pub(super) struct Keys {
    pub(super) holder: Holder,
    secret: String,
    session_token: String,
    /// The keys that were derived from the secret last: one for each service that is called, new every day.
    signing: Mutex<Vec<SigningKey>>,
}

/// How many derived keys a holder keeps: for `execute-api`, `dynamodb` and `sqs`.
const SIGNING_KEYS: usize = 3;

/// It has the shape of an access key id, which some local stores require, and it says that it is not a real one.
pub(crate) const ACCESS_KEY_ID: &str = "AKIALOCALGATEWAY0000";

/// The secret of the functions that are started elsewhere, and their session token.
const SHARED: &str = "local-gateway";

impl Credentials {
    pub(crate) fn new(region: &str) -> Self {
        let shared = Keys::new(Holder::AnyFunction, SHARED.to_owned(), SHARED.to_owned());
        Self { region: region.to_owned(), shared: Arc::new(shared), issued: RwLock::default() }
    }

    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// The environment variables for functions that are started elsewhere, with the names that Lambda uses.
    pub(crate) fn shared(&self) -> BTreeMap<String, String> {
        self.environment(&self.shared)
    }

    /// The environment variables for the function with this logical id. They stay the same as long as the gateway runs.
    pub(crate) fn of(&self, function: &str) -> BTreeMap<String, String> {
        let mut issued = self.issued.write().unwrap_or_else(PoisonError::into_inner);
        let keys = match issued.by_function.get(function) {
            Some(keys) => Arc::clone(keys),
            None => {
                let keys = Arc::new(Keys::random(Holder::Function(function.to_owned())));
                issued.by_function.insert(function.to_owned(), Arc::clone(&keys));
                issued.by_token.insert(keys.session_token.clone(), Arc::clone(&keys));
                keys
            }
        };
        self.environment(&keys)
    }

    /// The keys with this session token.
    pub(super) fn with_token(&self, session_token: Option<&str>) -> Option<Arc<Keys>> {
        match session_token {
            // A person who sets these by hand may have left the token out.
            None | Some(SHARED) => Some(Arc::clone(&self.shared)),
            Some(token) => self.issued.read().unwrap_or_else(PoisonError::into_inner).by_token.get(token).cloned(),
        }
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
    fn new(holder: Holder, secret: String, session_token: String) -> Self {
        Self { holder, secret, session_token, signing: Mutex::default() }
    }

    /// Random keys with the length and the alphabet of AWS's secrets.
    fn random(holder: Holder) -> Self {
        let random = || STANDARD.encode(rand::random::<[u8; 30]>());
        Self::new(holder, random(), random())
    }

    /// The key that signs requests in a scope.
    pub(super) fn signing_key(&self, scope: &str) -> Option<SigningKey> {
        let mut signing = self.signing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = signing.iter().find(|key| key.is_for(scope)) {
            return Some(key.clone());
        }
        let key = SigningKey::derive(&self.secret, scope)?;
        if signing.len() >= SIGNING_KEYS {
            signing.remove(0);
        }
        signing.push(key.clone());
        Some(key)
    }
}

/// Without the secrets, which should not be in any log.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("region", &self.region).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_derived_once_for_each_service_and_day() {
        let keys = Keys::random(Holder::AnyFunction);
        let scopes = |day: u32| {
            ["execute-api", "dynamodb", "sqs"].map(|service| format!("{day}/us-east-1/{service}/aws4_request"))
        };
        let kept = || {
            keys.signing
                .lock()
                .unwrap()
                .iter()
                .map(|key| scopes(1).iter().position(|scope| key.is_for(scope)))
                .collect::<Vec<_>>()
        };
        for _ in 0..3 {
            for scope in scopes(1) {
                assert!(keys.signing_key(&scope).unwrap().is_for(&scope));
            }
            assert_eq!(kept(), [Some(0), Some(1), Some(2)]);
        }
        for scope in scopes(2) {
            assert!(keys.signing_key(&scope).unwrap().is_for(&scope));
        }
        assert_eq!(kept(), [None, None, None]);
    }
}
