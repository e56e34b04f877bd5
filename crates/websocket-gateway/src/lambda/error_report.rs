use serde::Deserialize;

/// What a function, or whoever runs it, says of its failure.
/// Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes", invocation error.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ErrorReport {
    pub(super) error_type: Option<String>,
    pub(super) error_message: Option<String>,
}

impl ErrorReport {
    /// Empty for a body of another shape.
    pub(super) fn read(body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}
