//! Which messages of a batch a function reports as failed.

use std::collections::BTreeSet;

use serde_json::Value;

/// The ids of the messages that have failed: `itemIdentifier` of each of the answer's `batchItemFailures`.
///
/// Source: AWS Lambda developer guide, "Handling errors for an SQS event source in Lambda": an answer that is empty or null, or has no failures,
/// means success; one that is not JSON, or has an identifier that is empty, null or missing, fails the whole batch. A guess: so does one with an
/// identifier that is not that of a message of the batch.
///
/// # Errors
/// Why the whole batch has failed.
pub(super) fn read(answer: &[u8], batch: &BTreeSet<&str>) -> Result<Vec<String>, String> {
    if answer.trim_ascii().is_empty() {
        return Ok(Vec::new());
    }
    let answer: Value = serde_json::from_slice(answer).map_err(|_| "its answer is not JSON".to_owned())?;
    let failures = match answer.get("batchItemFailures") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(failures)) => failures,
        Some(_) => return Err("the batchItemFailures of its answer are not a list".to_owned()),
    };
    let ids = failures.iter().map(|failure| match failure.get("itemIdentifier").and_then(Value::as_str) {
        Some(id) if batch.contains(id) => Ok(id.to_owned()),
        Some(id) => Err(format!("its answer has the itemIdentifier {id:?}, which is not the messageId of a record")),
        None => Err("an item of its batchItemFailures has no itemIdentifier with a messageId".to_owned()),
    });
    ids.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(answer: &str) -> Result<Vec<String>, String> {
        read(answer.as_bytes(), &["1", "2"].into())
    }

    #[test]
    fn what_succeeds_and_what_fails_is_as_lambda_documents_it() {
        for all_succeeded in
            ["", " ", "null", "{}", r#"{"batchItemFailures":null}"#, r#"{"batchItemFailures":[]}"#, "[]"]
        {
            assert_eq!(failed(all_succeeded), Ok(Vec::new()), "{all_succeeded}");
        }
        assert_eq!(failed(r#"{"batchItemFailures":[{"itemIdentifier":"2"}]}"#), Ok(vec!["2".to_owned()]));
        for all_failed in [
            "rubbish",
            r#"{"batchItemFailures":"1"}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":""}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":null}]}"#,
            r#"{"batchItemFailures":[{"id":"1"}]}"#,
            r#"{"batchItemFailures":["1"]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"3"}]}"#,
            r#"{"batchItemFailures":[{"itemIdentifier":"1"},{"itemIdentifier":"3"}]}"#,
        ] {
            assert!(failed(all_failed).is_err(), "{all_failed}");
        }
    }
}
