use serde::Deserialize;

/// The error that a function reports, or the server that runs it.
/// Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes", invocation error.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ErrorReport {
    pub(super) error_type: Option<String>,
    pub(super) error_message: Option<String>,
}

impl ErrorReport {
    /// Reads the body of an error. The report is empty if the body has another format.
    pub(super) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}
