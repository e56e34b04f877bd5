use std::fmt;
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::PROXY_AUTHORIZATION;

/// The key of the gateway's proxy. Only functions have it, so that nobody else on the machine reaches the network through the gateway.
pub(crate) struct ProxyKey(String);

/// The user name in the proxy's URL.
const USER: &str = "function";

impl ProxyKey {
    pub(crate) fn random() -> Self {
        Self(format!("{:032x}", rand::random::<u128>()))
    }

    /// The proxy's URL, for `HTTPS_PROXY`.
    pub(crate) fn url(&self, gateway: SocketAddr) -> String {
        format!("http://{USER}:{}@{gateway}", self.0)
    }

    /// Whether a request has the key.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        let expected = format!("Basic {}", STANDARD.encode(format!("{USER}:{}", self.0)));
        headers.get(PROXY_AUTHORIZATION).is_some_and(|given| given.as_bytes() == expected.as_bytes())
    }
}

/// Without the key.
impl fmt::Debug for ProxyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProxyKey").finish_non_exhaustive()
    }
}
