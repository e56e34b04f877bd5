//! Paths of requests to the gateway's port: stages, `@connections` and connection ids.
#![no_main]

use fuzz::{Format, Sample, fuzz};
use websocket_gateway::fuzzing;

fuzz!(Format::Json, samples(), run);

fn samples() -> Vec<Sample> {
    let path = |path: &str| Sample::good(serde_json::json!(path).to_string());
    let mut samples: Vec<_> = [
        "/prod",
        "/prod/",
        "//prod/@connections/L0SM9cOFvHcCIhw=",
        "/prod/@connections/L0SM9cOFvHcCIhw%3D",
        "/prod/%40connections/L0SM9cOFvHcCIhw%3d",
        "/prod/@connections/L0SM9cOFvHcCIhw%253D",
        "/prod/@connections/../x",
        "/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:hello:$LATEST/invocations",
    ]
    .map(path)
    .into();
    samples.push(Sample::bad("\"not a path\""));
    samples
}

/// True for a path that HTTP allows.
fn run(data: &[u8]) -> bool {
    let Ok(path) = serde_json::from_slice::<String>(data) else { return false };
    let Ok(uri) = path.parse::<http::Uri>() else { return false };
    let path = uri.path();
    let read = fuzzing::door_path(path);
    assert_eq!(fuzzing::door_path(path), read, "it is read in the same way again");
    assert!(!read.stage.contains('/'));
    assert!(path.trim_start_matches('/').starts_with(&read.stage) && path.ends_with(&read.rest));
    if let Some(id) = &read.connection_id {
        // It can go into a URL as it is, and comes back as it was.
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_=".contains(&byte)), "{id:?}");
        for written in [id.clone(), id.replace('=', "%3D"), id.bytes().map(|byte| format!("%{byte:02X}")).collect()] {
            let again = fuzzing::door_path(&format!("/prod/@connections/{written}"));
            assert_eq!(again.connection_id.as_ref(), Some(id), "{written}");
        }
    }
    true
}
