//! JSON Web Tokens, signed with a shared secret.

use std::env;

use jsonwebtoken::crypto::{CryptoProvider, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::signature::{self, Verifier as VerifySignature};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use ring::hmac;

/// HS256 is as strong as its secret, and one that is shorter than its hash weakens it. Source: RFC 7518, section 3.2.
const SHORTEST_SECRET: usize = 32;

/// What is used of a token. `exp` must be there and `nbf` may; both are checked and then of no further use.
#[derive(serde::Deserialize)]
pub(crate) struct Claims {
    /// Who it was made for.
    pub(crate) sub: String,
    /// Whom it was made for use by, in whatever form.
    aud: Option<serde::de::IgnoredAny>,
}

/// Checks tokens against one secret.
pub(crate) struct Verifier {
    key: DecodingKey,
    validation: Validation,
}

impl Verifier {
    /// With the secret in `JWT_SECRET`. Without a good one the function must not start: it would let in those who guess it.
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
        // An error says that one is installed already.
        let _ = HS256.install_default();
        Ok(Self { key: DecodingKey::from_secret(secret.as_bytes()), validation: validation() })
    }

    /// The claims of a token that was signed with the secret and is valid now, give or take a minute for clocks that differ.
    pub(crate) fn verify(&self, token: &str) -> Result<Claims, Error> {
        let claims = decode::<Claims>(token, &self.key, &self.validation)?.claims;
        // The library overlooks an audience that it can't read.
        if claims.aud.is_some() {
            return Err(ErrorKind::InvalidAudience.into());
        }
        if claims.sub.is_empty() {
            return Err(ErrorKind::InvalidSubject.into());
        }
        Ok(claims)
    }
}

/// HS256 only, whatever the token itself says. A token for a certain audience (`aud`) is refused: it is not for us.
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
