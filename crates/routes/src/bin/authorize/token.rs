//! JSON Web Tokens, signed with a shared secret.

use std::env;

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier as VerifySignature};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use ring::hmac;

/// In bytes. HS256 is as strong as its secret: a secret shorter than the hash weakens it. Source: RFC 7518, section 3.2.
const SHORTEST_SECRET: usize = 32;

/// The claims that are used. `nbf` may be there too, and is only checked.
#[derive(serde::Deserialize)]
pub(crate) struct Claims {
    /// The subject: the client that the token was made for.
    pub(crate) sub: String,
    /// When the token expires, in seconds since 1970. The standard allows fractions. Source: RFC 7519, section 2, "NumericDate".
    pub(crate) exp: f64,
    /// The audience, in any form: the services that the token is meant for.
    aud: Option<serde::de::IgnoredAny>,
}

/// Checks tokens against one secret.
pub(crate) struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

impl Verifier {
    /// Makes a verifier with the secret in `JWT_SECRET`. Without a good secret the function must not start: a client could guess it.
    pub(crate) fn from_env() -> Result<Self, String> {
        let secret = env::var("JWT_SECRET")
            .map_err(|_| "JWT_SECRET is not set: it must be the secret that tokens are signed with")?;
        if secret.starts_with("{{resolve:") {
            return Err(
                "JWT_SECRET is a reference that only CloudFormation can resolve; here, give the secret itself: \
                --parameter JwtSecret=…"
                    .to_owned(),
            );
        }
        if secret.len() < SHORTEST_SECRET {
            return Err(format!("JWT_SECRET is too short: HS256 takes {SHORTEST_SECRET} bytes or more"));
        }
        // An error says that a provider is installed already.
        let _ = HS256.install_default();
        Ok(Self { key: DecodingKey::from_secret(secret.as_bytes()), validation: validation() })
    }

    /// Returns the claims of a token that is signed with the secret and valid now, with a minute's tolerance for clocks that differ.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, Error> {
        let claims = decode::<Claims>(token, &self.key, &self.validation)?.claims;
        // The library ignores an audience that it can't read.
        if claims.aud.is_some() {
            return Err(ErrorKind::InvalidAudience.into());
        }
        if claims.sub.is_empty() {
            return Err(ErrorKind::InvalidSubject.into());
        }
        Ok(claims)
    }
}

/// HS256 only, whatever the token says. A token for a certain audience (`aud`) is refused: this API is not that audience.
fn validation() -> Validation {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_required_spec_claims(&["exp", "sub"]);
    validation.validate_nbf = true;
    validation
}

static HS256: CryptoProvider = CryptoProvider {
    signer_factory: |_, _| Err(ErrorKind::InvalidAlgorithm.into()),
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::HS256 => Ok(Box::new(Hs256(hmac::Key::new(hmac::HMAC_SHA256, key.try_get_as_bytes()?)))),
        _ => Err(ErrorKind::InvalidAlgorithm.into()),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

struct Hs256(hmac::Key);

impl JwtVerifier for Hs256 {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HS256
    }
}

impl VerifySignature<Vec<u8>> for Hs256 {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        hmac::verify(&self.0, message, signature).map_err(|_| signature::Error::new())
    }
}
