//! From an application's claims to the values of a context.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::ContextValue;

/// Claims that can't go into an authorizer's context or be read from one. The text says which of them, and why.
///
/// Through `?` it keeps the client out of `$connect`, and is a failure on our side in any other handler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidClaims(String);

impl InvalidClaims {
    pub(super) fn new(why: impl fmt::Display) -> Self {
        Self(why.to_string())
    }
}

/// The members of a struct or a map, without those that have no value.
pub(super) fn write(claims: &impl Serialize) -> Result<Vec<(String, ContextValue)>, InvalidClaims> {
    let members = match serde_json::to_value(claims) {
        Ok(Value::Object(members)) => members,
        Ok(other) => {
            return Err(InvalidClaims::new(format_args!("claims are a struct or a map, and not {}", kind(&other))));
        }
        Err(error) => return Err(InvalidClaims::new(format_args!("the claims can't be serialised: {error}"))),
    };
    let present = members.into_iter().filter(|(_, value)| !value.is_null());
    present.map(|(key, value)| value_of(&key, value).map(|value| (key, value))).collect()
}

fn value_of(key: &str, value: Value) -> Result<ContextValue, InvalidClaims> {
    match value {
        Value::String(text) => Ok(ContextValue::Text(text)),
        Value::Number(number) => Ok(ContextValue::Number(number)),
        Value::Bool(bool) => Ok(ContextValue::Bool(bool)),
        other => Err(InvalidClaims::new(format_args!(
            "the claim `{key}` is {}, and API Gateway takes strings, numbers and booleans only",
            kind(&other)
        ))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use serde_json::json;

    use super::*;

    fn fault(claims: &impl Serialize) -> String {
        write(claims).unwrap_err().to_string()
    }

    #[test]
    fn a_claim_that_api_gateway_would_not_take_is_named() {
        let only = "and API Gateway takes strings, numbers and booleans only";
        assert_eq!(fault(&json!({ "sub": "a", "roles": ["x"] })), format!("the claim `roles` is a list, {only}"));
        assert_eq!(fault(&json!({ "sub": "a", "org": { "id": 1 } })), format!("the claim `org` is an object, {only}"));
        #[derive(Serialize)]
        enum Role {
            Of(u8),
        }
        assert_eq!(fault(&HashMap::from([("role", Role::Of(1))])), format!("the claim `role` is an object, {only}"));
    }

    #[test]
    fn claims_have_names() {
        assert_eq!(fault(&"alice"), "claims are a struct or a map, and not a string");
        assert_eq!(fault(&[1]), "claims are a struct or a map, and not a list");
        assert_eq!(fault(&()), "claims are a struct or a map, and not nothing");
        let keys = HashMap::from([((1, 2), "x")]);
        assert_eq!(fault(&keys), "the claims can't be serialised: key must be a string");
    }

    #[test]
    fn what_has_no_value_is_left_out() {
        let written = write(&json!({ "none": null, "some": 1 })).unwrap();
        assert_eq!(written, [("some".to_owned(), ContextValue::from(1))]);
        assert_eq!(write(&HashMap::from([("share", f64::NAN)])).unwrap(), []);
    }
}
