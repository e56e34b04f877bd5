use serde::Deserialize;

/// The error that a function reports, or the server that runs it.
/// Source: AWS Lambda developer guide, "Using the Lambda runtime API for custom runtimes", invocation error.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct ErrorReport {
    /// Not empty.
    pub(super) error_type: Option<String>,
    pub(super) error_message: Option<String>,
}

impl ErrorReport {
    /// Reads the body of an error. The report is empty if the body has another format.
    pub(super) fn read(body: &[u8]) -> Self {
        // Otherwise serde would read an array as the fields in their order.
        if body.trim_ascii_start().first() == Some(&b'[') {
            return Self::default();
        }
        let mut report: Self = serde_json::from_slice(body).unwrap_or_default();
        report.error_type = report.error_type.filter(|name| !name.is_empty());
        report
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_an_object() {
        let report = ErrorReport::read(br#"{"errorType":"Unhandled","errorMessage":"no"}"#);
        assert_eq!((report.error_type.as_deref(), report.error_message.as_deref()), (Some("Unhandled"), Some("no")));
        assert!(ErrorReport::read(br#"{"errorType":""}"#).error_type.is_none());
        for body in [r#"["Unhandled","no"]"#, r#" [""]"#, "null", "\"Unhandled\"", "Unhandled"] {
            let report = ErrorReport::read(body.as_bytes());
            assert!(report.error_type.is_none() && report.error_message.is_none(), "{body}");
        }
    }
}
