//! What DynamoDB says of a request that it can't read.
//!
//! The crate that embeds DynamoDB reads requests with serde, and marks the errors of its own checks with prefixes. Only its HTTP server, which is
//! not used here, turns both into DynamoDB's errors.

use dynoxide::DynoxideError;
use serde_json::Value;

/// The error for a body that does not fit its operation.
pub(super) fn refusal(operation: &str, body: &str, error: &serde_json::Error) -> DynoxideError {
    match serde_json::from_str::<Value>(body) {
        // DynamoDB allows 32 levels, so every such request is over its limit.
        Err(error) if is_too_deep(&error) => DynoxideError::ValidationException(
            "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"
                .to_owned(),
        ),
        Err(_) => not_json(),
        Ok(_) => wrong_content(operation, &error.to_string()),
    }
}

/// Whether the reader gave up because of a body's nesting.
pub(super) fn is_too_deep(error: &serde_json::Error) -> bool {
    error.to_string().starts_with("recursion limit exceeded")
}

/// The error for a body that is not JSON. It has no message.
pub(super) fn not_json() -> DynoxideError {
    DynoxideError::SerializationException(String::new())
}

fn wrong_content(operation: &str, error: &str) -> DynoxideError {
    let text = without_position(error);
    if let Some(text) = error.strip_prefix("SERIALIZATION_AS_READ:") {
        return DynoxideError::SerializationException(text.to_owned());
    }
    if let Some(text) = error.strip_prefix("VALIDATION_AS_READ:") {
        return DynoxideError::ValidationException(text.to_owned());
    }
    if let Some(text) = text.strip_prefix("SERIALIZATION:") {
        return DynoxideError::SerializationException(text.to_owned());
    }
    if let Some(text) = text.strip_prefix("VALIDATION:") {
        return DynoxideError::ValidationException(text.to_owned());
    }
    if let Some(text) = text.strip_prefix("VALIDATION_REQUEST:") {
        let counted = matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem");
        let count = if counted { "1 validation error detected: " } else { "" };
        return DynoxideError::ValidationException(format!("{count}{text}"));
    }
    if text.contains("empty AttributeValue") {
        let text = "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes";
        return DynoxideError::ValidationException(text.to_owned());
    }
    if text.contains("Supplied AttributeValue") {
        return DynoxideError::ValidationException(text.to_owned());
    }
    // What is missing is invalid; only what has another type than it should have can't be read.
    if ["missing field", "unknown variant", "invalid type: null"].iter().any(|kind| error.contains(kind)) {
        return DynoxideError::ValidationException(error.to_owned());
    }
    DynoxideError::SerializationException(wrong_type(text).unwrap_or_else(|| error.to_owned()))
}

/// `invalid type: integer `1`, expected a string` in DynamoDB's words, which are those of its Java classes.
fn wrong_type(error: &str) -> Option<String> {
    if error.starts_with("invalid length ") {
        return Some("Start of structure or map found where not expected".to_owned());
    }
    let (found, expected) = error.strip_prefix("invalid type: ")?.split_once(", expected ")?;
    if found == "map" {
        return Some("Start of structure or map found where not expected".to_owned());
    }
    let class = match expected {
        "a string" => "String",
        "a boolean" => "Boolean",
        "i64" | "u64" => "Long",
        _ => return Some(wrong_collection(found, expected)),
    };
    if found == "sequence" {
        return Some(format!("Unrecognized collection type class java.lang.{class}"));
    }
    let kind = match found.split(' ').next()? {
        "integer" => "NUMBER_VALUE",
        "floating" => "DECIMAL_VALUE",
        "string" if class == "Boolean" => return Some("Unexpected token received from parser".to_owned()),
        "string" => "STRING_VALUE",
        _ if found == "boolean `true`" => "TRUE_VALUE",
        _ => "FALSE_VALUE",
    };
    Some(format!("{kind} cannot be converted to {class}"))
}

fn wrong_collection(found: &str, expected: &str) -> String {
    match expected.strip_prefix("struct ") {
        Some(class) if found == "sequence" => {
            let class = class.split(' ').next().unwrap_or_default();
            let class = class.strip_suffix("Raw").unwrap_or(class);
            format!("Unrecognized collection type class com.amazonaws.dynamodb.v20120810.{class}")
        }
        _ => "Unexpected field type".to_owned(),
    }
}

/// Without serde's ` at line 1 column 2`.
fn without_position(error: &str) -> &str {
    match error.rfind(" at line ") {
        Some(at) if error[at..].contains(" column ") => &error[..at],
        _ => error,
    }
}
