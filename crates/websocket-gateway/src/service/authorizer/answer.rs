use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Refusal;
use crate::api::limits::AUTHORIZER_ANSWER_BYTES;
use crate::iam::{Decision, Policy, Statement};

/// What an authorizer answers. Other keys, such as `usageIdentifierKey`, mean nothing here.
///
/// Source: API Gateway developer guide, "Output from an API Gateway Lambda authorizer".
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Answer {
    principal_id: String,
    // A map, because serde would read an array as the fields of a struct in their order.
    policy_document: Map<String, Value>,
    // A guess: null means the same as a missing context.
    #[serde(default)]
    context: Option<Map<String, Value>>,
}

impl Answer {
    /// Reads an answer.
    ///
    /// # Errors
    /// Why API Gateway would not understand it, or the gateway does not.
    pub(super) fn read(answer: &Bytes) -> Result<Self, Unmet> {
        let not_understood = |why: &str| Unmet::NotUnderstood(why.to_owned());
        if answer.len() > AUTHORIZER_ANSWER_BYTES {
            return Err(not_understood(&format!("{} bytes, over {AUTHORIZER_ANSWER_BYTES}", answer.len())));
        }
        // Through a map, too.
        let answer: Map<String, Value> =
            serde_json::from_slice(answer).map_err(|_| not_understood("it is not a JSON object"))?;
        // Without serde's own message, which may quote a token.
        Self::deserialize(Value::Object(answer))
            .map_err(|_| not_understood("principalId or policyDocument is missing, or a key has the wrong type"))
    }

    /// The context that later events are to carry if the answer allows the method with this ARN. `latency_ms` is how long the function took.
    ///
    /// # Errors
    /// Why the client may not connect.
    pub(super) fn context(self, method_arn: &str, latency_ms: u128) -> Result<Map<String, Value>, Unmet> {
        let mut context = texts(self.context.unwrap_or_default()).map_err(Unmet::NotUnderstood)?;
        let statement = self.policy_document.get("Statement").ok_or("its `policyDocument` has no `Statement`");
        let policy = statement.map_err(str::to_owned).and_then(policy).map_err(Unmet::NotUnderstood)?;
        match policy.decide("execute-api:Invoke", method_arn) {
            Decision::Allowed => {}
            Decision::ExplicitlyDenied => return Err(Unmet::Refused(Refusal::ExplicitlyDenied)),
            Decision::ImplicitlyDenied => return Err(Unmet::Refused(Refusal::AccessDenied)),
        }
        context.insert("principalId".to_owned(), self.principal_id.into());
        let latency_ms = u64::try_from(latency_ms).unwrap_or(u64::MAX);
        context.insert("integrationLatency".to_owned(), latency_ms.into());
        Ok(context)
    }
}

/// Why the client may not connect.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unmet {
    /// The function has decided so.
    Refused(Refusal),
    /// API Gateway would not understand the answer, or the gateway does not, for this reason.
    NotUnderstood(String),
}

/// A list of statements, or a single one.
fn policy(statement: &Value) -> Result<Policy, String> {
    let statements = match statement {
        Value::Array(statements) => statements.as_slice(),
        other => std::slice::from_ref(other),
    };
    let statements = statements.iter().map(Statement::read).collect::<Result<_, _>>();
    statements.map(|statements| Policy { statements }).map_err(|error| error.to_string())
}

/// Numbers and booleans become text. API Gateway takes no other types.
fn texts(context: Map<String, Value>) -> Result<Map<String, Value>, String> {
    let text = |(name, value)| match value {
        Value::String(_) => Ok((name, value)),
        Value::Number(_) | Value::Bool(_) => Ok((name, value.to_string().into())),
        _ => Err(format!("`{name}` in its `context` is not a text, a number or a boolean")),
    };
    context.into_iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const ARN: &str = "arn:aws:execute-api:us-east-1:123456789012:abcd123456/prod/$connect";

    fn context(answer: &Value) -> Result<Map<String, Value>, Unmet> {
        Answer::read(&Bytes::from(answer.to_string())).and_then(|answer| answer.context(ARN, 21))
    }

    fn is_not_understood(answer: &Result<Map<String, Value>, Unmet>) -> bool {
        matches!(answer, Err(Unmet::NotUnderstood(_)))
    }

    fn with(statement: &Value) -> Value {
        json!({ "principalId": "user-1", "policyDocument": { "Version": "2012-10-17", "Statement": statement } })
    }

    fn allowing(resource: &str) -> Value {
        with(&json!([{ "Action": "execute-api:Invoke", "Effect": "Allow", "Resource": resource }]))
    }

    #[test]
    fn the_context_comes_as_text_with_the_principal_and_the_latency() {
        let mut answer = allowing(ARN);
        answer["context"] =
            json!({ "tenant": "acme", "level": 3, "ratio": 0.5, "admin": true, "principalId": "forged" });
        let expected = json!({
            "tenant": "acme", "level": "3", "ratio": "0.5", "admin": "true", "principalId": "user-1", "integrationLatency": 21
        });
        assert_eq!(context(&answer).map(Value::Object), Ok(expected));
        answer["context"] = Value::Null;
        assert!(context(&answer).is_ok());
    }

    #[test]
    fn only_a_policy_that_matches_lets_the_client_in() {
        assert!(context(&allowing("arn:aws:execute-api:*:*:abcd123456/prod/*")).is_ok());
        let other_stage = ARN.replace("prod", "dev");
        for resource in ["arn:aws:execute-api:us-east-1:123456789012:abcd123456/prod/*/*", &other_stage] {
            assert_eq!(context(&allowing(resource)), Err(Unmet::Refused(Refusal::AccessDenied)), "{resource}");
        }
        assert_eq!(context(&with(&json!([]))), Err(Unmet::Refused(Refusal::AccessDenied)));
        let alone = json!({ "Action": "*", "Effect": "Deny", "Resource": "*" });
        assert_eq!(context(&with(&alone)), Err(Unmet::Refused(Refusal::ExplicitlyDenied)));
    }

    #[test]
    fn an_answer_that_is_not_understood_keeps_the_client_out() {
        let allow = json!({ "Action": "*", "Effect": "Allow", "Resource": "*" });
        let changed = |pointer: &str, key: &str, value: Value| {
            let mut answer = with(&json!([allow]));
            answer.pointer_mut(pointer).unwrap()[key] = value;
            context(&answer)
        };
        for (pointer, key, value) in [
            ("", "principalId", Value::Null),
            ("", "principalId", json!(1)),
            ("", "policyDocument", Value::Null),
            ("", "policyDocument", json!("*")),
            ("", "policyDocument", json!([[allow]])),
            ("", "policyDocument", json!({})),
            ("", "context", json!({ "list": [] })),
            ("", "context", json!({ "object": {} })),
            ("", "context", json!({ "nothing": null })),
            ("", "context", json!([])),
            ("/policyDocument", "Statement", Value::Null),
            ("/policyDocument/Statement/0", "Effect", json!("allow")),
            ("/policyDocument/Statement/0", "Condition", json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } })),
            ("/policyDocument/Statement/0", "NotAction", json!("s3:*")),
            ("", "context", json!({ "long": "x".repeat(AUTHORIZER_ANSWER_BYTES) })),
        ] {
            assert!(is_not_understood(&changed(pointer, key, value.clone())), "{pointer} {key} {value}");
        }
        for garbage in [json!(null), json!("Allow"), json!([]), json!({}), json!({ "isAuthorized": true })] {
            assert!(is_not_understood(&context(&garbage)), "{garbage}");
        }
        assert!(Answer::read(&Bytes::from_static(b"not json")).is_err());
        assert!(changed("", "context", json!({})).is_ok());
    }
}
