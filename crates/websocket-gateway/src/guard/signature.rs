//! Signature Version 4, calculated again from the request as it arrived.
//!
//! Source: IAM user guide, "Create a signed AWS API request".

use hmac::{Hmac, KeyInit, Mac};
use http::request::Parts;
use http::{HeaderMap, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use sha2::{Digest, Sha256};

use super::authorization_header::Authorization;
use crate::ids::push_hex;

/// The characters that are encoded in a query string: all but the unreserved characters of RFC 3986.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The characters that are encoded in each segment of a path.
const RESERVED_IN_PATH: &AsciiSet = &RESERVED.remove(b'/');

/// A key that is derived from a secret, for one scope: day, region, service and `aws4_request`.
#[derive(Clone)]
pub(super) struct SigningKey {
    scope: String,
    key: Hmac<Sha256>,
}

impl SigningKey {
    /// Derives the key from one part of the scope after the other.
    pub(super) fn derive(secret: &str, scope: &str) -> Option<Self> {
        let first = keyed(format!("AWS4{secret}").as_bytes())?;
        let key = scope.split('/').try_fold(first, |key, part| keyed(&mac(&key, part).finalize().into_bytes()))?;
        Some(Self { scope: scope.to_owned(), key })
    }

    pub(super) fn is_for(&self, scope: &str) -> bool {
        self.scope == scope
    }
}

/// Whether the request is signed with this key. `signed_at` is its `X-Amz-Date`.
pub(super) fn is_right(
    request: &Parts,
    body: &[u8],
    authorization: &Authorization<'_>,
    signed_at: &str,
    key: &SigningKey,
) -> bool {
    let canonical = canonical(request, body, authorization.signed_headers);
    let scope = authorization.scope;
    let to_sign = format!("AWS4-HMAC-SHA256\n{signed_at}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    // Compared in constant time, so that the time reveals nothing about the expected signature.
    unhex(authorization.signature).is_some_and(|signature| mac(&key.key, &to_sign).verify_slice(&signature).is_ok())
}

/// The signature of a request.
#[cfg(fuzzing)]
pub(super) fn sign(
    request: &Parts,
    body: &[u8],
    scope: &str,
    signed_headers: &str,
    signed_at: &str,
    key: &SigningKey,
) -> String {
    let canonical = canonical(request, body, signed_headers);
    let to_sign = format!("AWS4-HMAC-SHA256\n{signed_at}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    hex(&mac(&key.key, &to_sign).finalize().into_bytes())
}

/// HMAC takes a key of any length, so this always gives one.
fn keyed(key: &[u8]) -> Option<Hmac<Sha256>> {
    Hmac::new_from_slice(key).ok()
}

fn mac(key: &Hmac<Sha256>, data: &str) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(data.as_bytes());
    mac
}

fn canonical(request: &Parts, body: &[u8], signed_headers: &str) -> Vec<u8> {
    let Parts { method, uri, headers, .. } = request;
    // Encoded once more than it was sent, as for all services but S3: `%3D` becomes `%253D`.
    let path = utf8_percent_encode(uri.path(), RESERVED_IN_PATH);
    let mut canonical = format!("{method}\n{path}\n{}\n", query(uri)).into_bytes();
    for name in signed_headers.split(';') {
        canonical.extend([name.as_bytes(), b":", &value(headers, name), b"\n"].concat());
    }
    canonical.extend(format!("\n{signed_headers}\n{}", hex(&Sha256::digest(body))).into_bytes());
    canonical
}

/// The query's names and values, all encoded in the same way and sorted by name.
fn query(uri: &Uri) -> String {
    let encoded = |text: &str| {
        let decoded: Vec<u8> = percent_decode_str(text).collect();
        percent_encoding::percent_encode(&decoded, RESERVED).to_string()
    };
    let pairs = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    let mut pairs: Vec<_> = pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encoded(name), encoded(value))
        })
        .collect();
    pairs.sort_unstable();
    let pairs: Vec<_> = pairs.iter().map(|(name, value)| format!("{name}={value}")).collect();
    pairs.join("&")
}

/// All values of a header, joined by commas, with single spaces between their words.
fn value(headers: &HeaderMap, name: &str) -> Vec<u8> {
    let values = headers.get_all(name).iter().map(|value| {
        let words = value.as_bytes().split(|byte| *byte == b' ').filter(|word| !word.is_empty());
        words.collect::<Vec<_>>().join(&b' ')
    });
    values.collect::<Vec<_>>().join(&b',')
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    push_hex(&mut text, bytes);
    text
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits = text.as_bytes().chunks(2);
    digits.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    /// The credentials of AWS's own examples.
    const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn check(request: http::request::Builder, body: &str, header: &str) -> bool {
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let authorization = Authorization::parse(header).unwrap();
        let signed_at = parts.headers["x-amz-date"].to_str().unwrap();
        is_right(
            &parts,
            body.as_bytes(),
            &authorization,
            signed_at,
            &SigningKey::derive(SECRET, authorization.scope).unwrap(),
        )
    }

    fn header(service: &str, signed_headers: &str, signature: &str) -> String {
        format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/{service}/aws4_request, \
             SignedHeaders={signed_headers}, Signature={signature}"
        )
    }

    #[test]
    fn aws_examples_have_the_signatures_that_aws_gives() {
        let vanilla = || {
            let request = Request::get("/").header("host", "example.amazonaws.com");
            request.header("x-amz-date", "20150830T123600Z")
        };
        let good =
            header("service", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
        assert!(check(vanilla(), "", &good));
        assert!(!check(vanilla(), "x", &good));
        assert!(!check(vanilla().method("POST"), "", &good));
        assert!(!check(vanilla().uri("/x"), "", &good));
        assert!(!check(vanilla().uri("/?x"), "", &good));
        assert!(!check(vanilla().header("host", "other"), "", &good));
        assert!(!check(vanilla(), "", &good.replace("5fa00f", "5fa00e")));
        assert!(!check(vanilla(), "", &good.replace("bf31", "")));
        assert!(!check(vanilla(), "", &good.replace("bf31", "zzzz")));

        let list_users = Request::get("/?Action=ListUsers&Version=2010-05-08")
            .header("host", "iam.amazonaws.com")
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .header("x-amz-date", "20150830T123600Z");
        let signature = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
        assert!(check(list_users, "", &header("iam", "content-type;host;x-amz-date", signature)));
    }

    #[test]
    fn the_canonical_request_has_one_spelling() {
        let (parts, ()) = Request::post("/prod/@connections/a%3D?b=2&a=%7e+%20&c")
            .header("host", "h")
            .header("my-header", "  a   b  ")
            .header("my-header", "c")
            .body(())
            .unwrap()
            .into_parts();
        let canonical = String::from_utf8(canonical(&parts, b"", "host;my-header")).unwrap();
        let hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let expected = format!(
            "POST\n/prod/%40connections/a%253D\na=~%2B%20&b=2&c=\nhost:h\nmy-header:a b,c\n\nhost;my-header\n{hash}"
        );
        assert_eq!(canonical, expected);
    }
}
