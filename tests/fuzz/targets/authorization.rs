//! `Authorization` headers and the guard. Nothing that the guard's own keys have not signed passes as a function, and what they have signed can't
//! be changed.
#![no_main]

use fuzz::{Format, Sample, fuzz, latin1};
use serde::Deserialize;
use serde_json::{Value, json};
use websocket_gateway::fuzzing::{self, Request};

fuzz!(Format::Json, samples(), run);

/// 1 January 2026, noon.
const NOW: u32 = 1_767_268_800;

#[derive(Deserialize)]
struct Input {
    strict: bool,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: String,
    /// The scope and the signed headers, if the request is to be signed.
    sign: Option<(String, String)>,
    now: u32,
}

fn samples() -> Vec<Sample> {
    let headers =
        json!([["host", "127.0.0.1:3001"], ["x-amz-date", "20260101T120000Z"], ["content-type", "application/json"]]);
    let signed = ["20260101/us-east-1/execute-api/aws4_request", "content-type;host;x-amz-date;x-amz-security-token"];
    let input = |strict: bool, headers: &Value, sign: Value| {
        json!({
            "strict": strict, "method": "POST", "target": "/prod/@connections/L0SM9cOFvHcCIhw%3D?b=2&a=%7E1", "headers": headers,
            "body": "{\"hello\":\"you\"}", "sign": sign, "now": NOW,
        })
        .to_string()
    };
    let mut by_hand = headers.clone();
    let header = "AWS4-HMAC-SHA256 Credential=AKIALOCALGATEWAY0000/20260101/us-east-1/execute-api/aws4_request, \
                  SignedHeaders=host;x-amz-date, Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
    by_hand.as_array_mut().expect("a list").push(json!(["authorization", header]));
    vec![
        Sample::good(input(false, &headers, json!(signed))),
        Sample::good(input(true, &headers, json!(signed))),
        Sample::good(input(false, &headers, Value::Null)),
        Sample::bad(input(true, &headers, Value::Null)),
        Sample::bad(input(false, &by_hand, Value::Null)),
    ]
}

fn run(data: &[u8]) -> bool {
    let Ok(input) = serde_json::from_slice::<Input>(data) else { return false };
    let Input { strict, method, target, headers, body, sign, now } = input;
    // A client does not send it.
    if target.contains('#') {
        return false;
    }
    let headers: Vec<_> = headers.into_iter().map(|(name, value)| (name, latin1(&value))).collect();
    let request = Request { method, target, headers, body: body.into_bytes() };
    let is_signed = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
    let identify = |request: &Request| {
        let identified = fuzzing::identify(strict, request, now.into());
        if let Err((name, why)) = &identified {
            assert!(!name.is_empty() && !why.trim().is_empty(), "nothing says why");
        }
        identified
    };
    let Some((scope, signed_headers)) = sign else {
        let caller = identify(&request);
        match &caller {
            Ok(None) => assert!(!strict, "--strict lets a person in"),
            // The shared keys are known to everybody.
            Ok(Some(holder)) => assert_eq!(holder, "AnyFunction", "nobody has signed this"),
            Err((name, _)) => assert!(is_signed || strict || *name == "NotHttp"),
        }
        return caller.is_ok();
    };
    let Some(signed) = fuzzing::sign(strict, request, &scope, &signed_headers) else { return false };
    let caller = identify(&signed);
    if let Ok(Some(_)) = &caller {
        assert_eq!(identify(&signed), caller, "the same request again");
        let changed = [
            Request { method: format!("{}X", signed.method), ..signed.clone() },
            Request { body: [signed.body.as_slice(), b"x"].concat(), ..signed.clone() },
            Request { target: format!("/x{}", signed.target), ..signed.clone() },
            Request {
                target: format!("{}{}x=1", signed.target, if signed.target.contains('?') { '&' } else { '?' }),
                ..signed.clone()
            },
        ];
        for changed in changed {
            assert!(identify(&changed).is_err(), "it was changed after it was signed: {changed:?}");
        }
    }
    matches!(caller, Ok(Some(_)))
}
