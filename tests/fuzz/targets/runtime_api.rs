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

#[derive(Deserialize)]
struct Report {
    #[serde(rename = "errorMessage")]
    message: String,
}

fn samples() -> Vec<Sample> {
    let base = "/2018-06-01/runtime";
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
        Sample::good(input("POST", "register", None).replace(base, "/2020-01-01/extension")),
        Sample::bad(input("PUT", "init/error", None)),
    ]
}

fn run(data: &[u8]) -> bool {
    let Ok(Input { method, path, error_type, body }) = serde_json::from_slice(data) else { return false };
    let (name, message) = fuzzing::function_error(Bytes::from(body.clone()), error_type.as_deref());
    assert!(!name.is_empty(), "an error without a name");
    let report = serde_json::from_str::<Report>(&body);
    let is_silent = report.is_ok_and(|report| report.message.is_empty());
    assert!(!message.is_empty() || body.is_empty() || is_silent, "an error without a message");
    match fuzzing::runtime_call(&method, &path) {
        Ok(request_id) => {
            assert!(path.starts_with("/2018-06-01/runtime/") || path.starts_with("/2020-01-01/extension/"));
            assert!(request_id.is_none_or(|id| !id.contains('/') && path.contains(&id)));
            true
        }
        Err(why) => {
            assert!(!why.trim().is_empty(), "nothing says why");
            false
        }
    }
}
