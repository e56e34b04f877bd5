//! See [`crate::fuzzing`].

use std::sync::LazyLock;

use http::Uri;
use http::request::Parts;

use super::{ACCESS_KEY_ID, AllowedHosts, Caller, Credentials, Guard, ProxyKey, SECURITY_TOKEN, signature, text};
use crate::fuzzing::head;

/// A request as it is written.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// For example `POST`.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names and values.
    pub headers: Vec<(String, Vec<u8>)>,
    /// The body.
    pub body: Vec<u8>,
}

const FUNCTION: &str = "Function";

static GUARDS: LazyLock<[Guard; 2]> = LazyLock::new(|| {
    [false, true].map(|strict| Guard {
        credentials: Credentials::new("us-east-1"),
        strict,
        elsewhere: false,
        allowed_hosts: AllowedHosts::default(),
        proxy: ProxyKey::random(),
    })
});

impl Request {
    fn parts(&self) -> Option<Parts> {
        let (method, headers) = head(&self.method, &self.headers)?;
        let mut request = http::Request::new(());
        (*request.method_mut(), *request.headers_mut()) = (method, headers);
        *request.uri_mut() = self.target.parse::<Uri>().ok()?;
        Some(request.into_parts().0)
    }
}

/// Adds what signs a request in the name of a function: session token, and `Authorization` with the scope and the list of headers that are given.
/// `None` if it is not a request.
pub fn sign(strict: bool, mut request: Request, scope: &str, signed_headers: &str) -> Option<Request> {
    let credentials = &GUARDS[usize::from(strict)].credentials;
    let token = credentials.of(FUNCTION).remove("AWS_SESSION_TOKEN")?;
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(SECURITY_TOKEN));
    request.headers.push((SECURITY_TOKEN.to_owned(), token.clone().into_bytes()));
    let parts = request.parts()?;
    let signed_at = text(&parts.headers, "x-amz-date")?;
    let key = credentials.with_token(Some(&token))?.signing_key(scope)?;
    let signature = signature::sign(&parts, &request.body, scope, signed_headers, signed_at, &key);
    let header = format!(
        "AWS4-HMAC-SHA256 Credential={ACCESS_KEY_ID}/{scope}, SignedHeaders={signed_headers}, Signature={signature}"
    );
    request.headers.retain(|(name, _)| !name.eq_ignore_ascii_case("authorization"));
    request.headers.push(("authorization".to_owned(), header.into_bytes()));
    Some(request)
}

/// Who has sent a request: `Some` with the holder of the keys, or `None` for a person.
///
/// # Errors
/// Why it is refused: the error's name and its text. Also if it is not a request.
pub fn identify(strict: bool, request: &Request, now: i64) -> Result<Option<String>, (&'static str, String)> {
    let parts = request.parts().ok_or(("NotHttp", "not a request".to_owned()))?;
    match GUARDS[usize::from(strict)].identify("execute-api", &parts, &request.body, now) {
        Ok(Caller::Known(holder)) => Ok(Some(format!("{holder:?}"))),
        Ok(Caller::Person) => Ok(None),
        Err(refusal) => Err((refusal.name(), refusal.to_string())),
    }
}

/// Lets a request in, unless a web page may have sent it. `allowed` is what `--allow-host` names. `None` if that are not hosts, or it is not a
/// request.
///
/// # Errors
/// Why it is refused.
pub fn admit(allowed: &[String], request: &Request) -> Option<Result<(), String>> {
    let allowed = AllowedHosts::new(allowed).ok()?;
    let parts = request.parts()?;
    Some(allowed.refusal(&parts.uri, &parts.headers).map_or(Ok(()), Err))
}

/// Lets a request in to the console, which has a page of its own.
///
/// # Errors
/// Why it is refused.
pub fn admit_to_console(allowed: &[String], request: &Request) -> Option<Result<(), String>> {
    let allowed = AllowedHosts::new(allowed).ok()?;
    let parts = request.parts()?;
    Some(allowed.refusal_at_console(&parts.uri, &parts.headers).map_or(Ok(()), Err))
}
