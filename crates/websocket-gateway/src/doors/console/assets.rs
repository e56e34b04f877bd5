//! The page's files, and what a browser may do with them.

use http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use http::request::Parts;
use http::{HeaderName, HeaderValue, Method, StatusCode};

use crate::wire::answer::{self, Answer};

/// Answers with a file of the page; the empty path is the page itself.
pub(super) fn answer(head: &Parts, path: &str) -> Answer {
    if ![Method::GET, Method::HEAD].contains(&head.method) {
        return answer::text(StatusCode::METHOD_NOT_ALLOWED, "the console's page can only be read\n");
    }
    let Some(asset) = gateway_console::asset(path) else {
        return answer::text(StatusCode::NOT_FOUND, "the console's page is at /@console\n");
    };
    let mut answer = answer::with_body(StatusCode::OK, HeaderValue::from_static(asset.content_type), asset.body);
    let headers = answer.headers_mut();
    let fixed = [
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "no-referrer"),
        // Another version of the gateway may listen here tomorrow.
        (CACHE_CONTROL, "no-cache"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ];
    headers.extend(fixed.map(|(name, value)| (name, HeaderValue::from_static(value))));
    if let Ok(policy) = HeaderValue::try_from(policy(head)) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    answer
}

/// Only what comes from here, and nothing that is written into the page itself. The guard has read the host, so it is only a host.
fn policy(head: &Parts) -> String {
    let host = head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self' ws://{host} wss://{host}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
}
