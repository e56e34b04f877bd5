use http::{HeaderValue, Request};

use super::*;

const TOKEN: &str = "x-amz-security-token";

/// Seconds since 1970 of `20260101T120000Z`.
const NOON: i64 = 1_767_268_800;

fn guard(strict: bool) -> Guard {
    let allowed_hosts = AllowedHosts::default();
    Guard {
        credentials: Credentials::new("us-east-1"),
        strict,
        elsewhere: true,
        allowed_hosts,
        proxy: ProxyKey::random(),
    }
}

/// A request with these headers, and an `Authorization` whose signature is wrong.
fn request(scope: &str, headers: &[(&str, &str)]) -> Parts {
    let authorization =
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={:064}", 0);
    let mut request = Request::get("/").header("host", "h").header("authorization", authorization);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

fn refusal(scope: &str, headers: &[(&str, &str)]) -> Refusal {
    guard(false).identify("execute-api", &request(scope, headers), b"", NOON).unwrap_err()
}

/// Whether the caller is taken for a person, and what a strict gateway answers.
fn as_a_person(authorization: &str, headers: &[(&str, &str)]) -> (bool, Refusal) {
    let mut request = request(SCOPE, headers);
    request.headers.insert("authorization", HeaderValue::from_bytes(authorization.as_bytes()).unwrap());
    let identify = |strict| guard(strict).identify("execute-api", &request, b"", NOON);
    (identify(false) == Ok(Caller::Person), identify(true).unwrap_err())
}

const SCOPE: &str = "AKIALOCALGATEWAY0000/20260101/us-east-1/execute-api/aws4_request";
const DATE: (&str, &str) = ("x-amz-date", "20260101T120000Z");

#[test]
fn an_unsigned_request_is_a_persons_unless_the_gateway_is_strict() {
    let unsigned = Request::get("/").body(()).unwrap().into_parts().0;
    assert_eq!(guard(false).identify("execute-api", &unsigned, b"", NOON), Ok(Caller::Person));
    let strict = guard(true).identify("execute-api", &unsigned, b"", NOON);
    assert_eq!(strict, Err(Refusal::MissingAuthenticationToken));
}

#[test]
fn the_shared_credentials_are_valid_only_if_functions_run_elsewhere() {
    let none_elsewhere = Guard { elsewhere: false, ..guard(true) };
    let identified = none_elsewhere.identify("execute-api", &request(SCOPE, &[DATE]), b"", NOON);
    assert_eq!(identified, Err(Refusal::UnknownKeys));
    assert_eq!(
        guard(true).identify("execute-api", &request(SCOPE, &[DATE]), b"", NOON),
        Err(Refusal::SignatureDoesNotMatch)
    );
}

#[test]
fn every_fault_of_a_signature_has_its_name() {
    assert_eq!(refusal(SCOPE, &[DATE]), Refusal::SignatureDoesNotMatch);
    assert_eq!(refusal(SCOPE, &[]), Refusal::IncompleteSignature);
    assert_eq!(refusal(SCOPE, &[("x-amz-date", "yesterday")]), Refusal::IncompleteSignature);
    for (from, to) in [("us-east-1", "eu-west-1"), ("execute-api", "dynamodb"), ("20260101", "20260102")] {
        assert!(matches!(refusal(&SCOPE.replace(from, to), &[DATE]), Refusal::WrongScope { .. }), "{to}");
    }
    for header in [
        &format!("AWS4-HMAC-SHA256 Credential={SCOPE}"),
        &format!("AWS4-ECDSA-P256-SHA256 Credential={SCOPE}, SignedHeaders=host;x-amz-date, Signature=0"),
        &format!("AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0"),
    ] {
        let mut request = request(SCOPE, &[DATE]);
        request.headers.insert("authorization", header.parse().unwrap());
        let refused = guard(false).identify("execute-api", &request, b"", NOON);
        assert_eq!(refused, Err(Refusal::IncompleteSignature), "{header}");
    }
}

#[test]
fn a_person_may_sign_with_any_other_keys_unless_the_gateway_is_strict() {
    let other = SCOPE.replace("LOCAL", "OTHER");
    let v4 = |scope: &str| {
        format!("AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host;x-amz-date, Signature={:064}", 0)
    };
    let person = |refusal| (true, refusal);
    assert_eq!(as_a_person(&v4(&other), &[DATE]), person(Refusal::UnknownKeys));
    // Whatever else is in it: another region, service and day, a session token, no date.
    let elsewhere = v4("ASIAOTHER/20200101/eu-west-1/sts/aws4_request");
    assert_eq!(as_a_person(&elsewhere, &[(TOKEN, "a session")]), person(Refusal::UnknownKeys));
    // Another gateway has the same access key id, and tokens of its own.
    assert_eq!(as_a_person(&v4(SCOPE), &[DATE, (TOKEN, "of another")]), person(Refusal::UnknownKeys));
    let v4a = "AWS4-ECDSA-P256-SHA256 Credential=AKIAOTHER/20260101/execute-api/aws4_request, \
               SignedHeaders=host;x-amz-date;x-amz-region-set, Signature=3045";
    for unread in [v4a, "AWS4-HMAC-SHA256 Credential=a/b", "Bearer x", "Basic eDp5", "", "é"] {
        assert_eq!(as_a_person(unread, &[DATE]), person(Refusal::UnknownKeys), "{unread}");
    }
}

#[test]
fn a_signature_is_valid_for_five_minutes_before_and_after() {
    for (time, good) in [("115500", true), ("115459", false), ("120500", true), ("120501", false)] {
        let refusal = refusal(SCOPE, &[("x-amz-date", &format!("20260101T{time}Z"))]);
        assert_eq!(refusal == Refusal::SignatureDoesNotMatch, good, "{time}: {refusal}");
        assert_eq!(matches!(refusal, Refusal::WrongTime(_)), !good, "{time}: {refusal}");
    }
}

#[test]
fn every_function_has_keys_of_its_own_and_keeps_them() {
    let credentials = Credentials::new("us-east-1");
    let (hello, other) = (credentials.of("Hello"), credentials.of("Other"));
    assert_eq!(hello, credentials.of("Hello"));
    for name in ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"] {
        assert_ne!(hello[name], other[name]);
        assert_ne!(hello[name], Credentials::new("us-east-1").of("Hello")[name]);
    }
    let holder_of = |token: Option<&str>| credentials.with_token(token).map(|keys| keys.holder.clone());
    assert_eq!(holder_of(Some(&hello["AWS_SESSION_TOKEN"])), Some(Holder::Function("Hello".into())));
    assert_eq!(holder_of(Some(&credentials.shared()["AWS_SESSION_TOKEN"])), Some(Holder::AnyFunction));
    assert_eq!(holder_of(None), Some(Holder::AnyFunction));
    assert_eq!(holder_of(Some("forged")), None);
    assert!(!format!("{credentials:?}").contains(&hello["AWS_SESSION_TOKEN"]));
}
