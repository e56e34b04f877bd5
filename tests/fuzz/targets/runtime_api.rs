//! Requests to the Runtime API: methods, paths and reported errors.
#![no_main]

use bytes::Bytes;
use fuzz::{Format, Sample, fuzz};
use serde::Deserialize;
use serde_json::json;
use websocket_gateway::fuzzing;

fuzz!(Format::Json, samples(), run);

#[derive(Deserialize)]
struct Input {
    method: String,
    path: String,
    error_type: Option<String>,
    body: String,
}

fn samples() -> Vec<Sample> {
    let base = "/0123456789abcdef0123456789abcdef/2018-06-01/runtime";
    let input = |method: &str, call: &str, error_type: Option<&str>| {
        let body = r#"{"errorType":"Unhandled","errorMessage":"division by zero","stackTrace":[]}"#;
        json!({ "method": method, "path": format!("{base}/{call}"), "error_type": error_type, "body": body })
            .to_string()
    };
    let request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd";
    vec![
        Sample::good(input("GET", "invocation/next", None)),
        Sample::good(input("POST", &format!("invocation/{request_id}/response"), None)),
        Sample::good(input("POST", &format!("invocation/{request_id}/error"), Some("Runtime.Unhandled"))),
        Sample::good(input("POST", "init/error", Some("Runtime.InitError"))),
        Sample::bad(input("PUT", "init/error", None)),
    ]
}

fn run(data: &[u8]) -> bool {
    let Ok(Input { method, path, error_type, body }) = serde_json::from_slice(data) else { return false };
    let (name, message) = fuzzing::function_error(Bytes::from(body.clone()), error_type.as_deref());
    let report = serde_json::from_str::<serde_json::Value>(&body).unwrap_or_default();
    assert!(
        !name.is_empty() || report["errorType"] == "" || error_type.as_deref() == Some(""),
        "an error without a name"
    );
    assert!(!message.is_empty() || body.is_empty() || report["errorMessage"] == "", "an error without a message");
    match fuzzing::runtime_call(&method, &path) {
        Ok((instance, request_id)) => {
            assert_eq!(instance.len(), 32);
            // The id that the gateway gave to the process leads to the same instance.
            let written = path.trim_start_matches('/').split('/').next().unwrap_or_default();
            assert_eq!(written.to_ascii_lowercase(), instance, "an instance has one id");
            assert!(request_id.is_none_or(|id| !id.contains('/')));
            true
        }
        Err(why) => {
            assert!(!why.trim().is_empty(), "nothing says why");
            false
        }
    }
}
