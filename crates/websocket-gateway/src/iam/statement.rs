use serde_json::{Map, Value};

use super::matches;

/// A statement of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Statement {
    /// Whether it allows or denies the actions on the resources.
    pub(crate) effect: Effect,
    /// Patterns of actions, for example `execute-api:*`.
    pub(crate) actions: Vec<String>,
    /// Patterns of ARNs, for example `arn:aws:dynamodb:*:*:table/Orders`.
    pub(crate) resources: Vec<String>,
}

/// The effect of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The statement allows its actions.
    Allow,
    /// The statement denies its actions, whatever other statements allow.
    Deny,
}

/// Why a statement can't be evaluated.
///
/// The caller must not go on without the statement: it might deny what the other statements allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{why}")]
pub(crate) struct StatementError {
    /// The key that is wrong. `None` if the whole statement is.
    pub(crate) key: Option<&'static str>,
    why: String,
}

/// Keys that change a statement's meaning and that the gateway does not evaluate.
const NOT_EVALUATED: [&str; 5] = ["Condition", "NotAction", "NotPrincipal", "NotResource", "Principal"];

impl Statement {
    /// Reads a statement. Its `Action` and its `Resource` are each a string or a list of strings.
    ///
    /// # Errors
    /// If a key is missing, has a wrong value or is one that the gateway does not evaluate.
    pub(crate) fn read(statement: &Value) -> Result<Self, StatementError> {
        let statement = statement.as_object().ok_or_else(|| error(None, "a statement must be a JSON object"))?;
        Self::check_keys(statement.keys().map(String::as_str))?;
        let effect = match statement.get("Effect").and_then(Value::as_str) {
            Some("Allow") => Effect::Allow,
            Some("Deny") => Effect::Deny,
            _ => return Err(error(Some("Effect"), "`Effect` must be `Allow` or `Deny`")),
        };
        let (actions, resources) = (texts(statement, "Action")?, texts(statement, "Resource")?);
        Ok(Self { effect, actions, resources })
    }

    /// Checks that a statement with these keys has none that the gateway does not evaluate.
    ///
    /// # Errors
    /// If it has one.
    pub(crate) fn check_keys<'k>(mut keys: impl Iterator<Item = &'k str>) -> Result<(), StatementError> {
        match keys.find_map(|key| NOT_EVALUATED.into_iter().find(|known| *known == key)) {
            Some(key) => Err(error(Some(key), &format!("the gateway does not evaluate `{key}`"))),
            None => Ok(()),
        }
    }

    /// Whether the statement says anything about this action on this resource.
    pub(super) fn applies_to(&self, action: &str, resource: &str) -> bool {
        let action = action.to_ascii_lowercase();
        self.actions.iter().any(|pattern| matches(&pattern.to_ascii_lowercase(), &action))
            && self.resources.iter().any(|pattern| matches(pattern, resource))
    }
}

fn texts(statement: &Map<String, Value>, key: &'static str) -> Result<Vec<String>, StatementError> {
    let not_text = || error(Some(key), &format!("`{key}` must be a string or a list of strings"));
    let values = match statement.get(key) {
        Some(Value::Array(values)) => values.as_slice(),
        Some(value) => std::slice::from_ref(value),
        None => return Err(error(Some(key), &format!("a statement has no `{key}`"))),
    };
    let texts = values.iter().map(|value| value.as_str().map(str::to_owned).ok_or_else(not_text));
    let texts = texts.collect::<Result<Vec<_>, _>>()?;
    match texts.iter().find(|text| text.contains("${")) {
        Some(text) => Err(error(Some(key), &format!("the gateway does not evaluate policy variables: `{text}`"))),
        None => Ok(texts),
    }
}

fn error(key: Option<&'static str>, why: &str) -> StatementError {
    StatementError { key, why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn actions_and_resources_are_strings_or_lists() {
        let one = json!({ "Sid": "x", "Effect": "Deny", "Action": "a:B", "Resource": "r" });
        let expected = Statement { effect: Effect::Deny, actions: vec!["a:B".into()], resources: vec!["r".into()] };
        assert_eq!(Statement::read(&one), Ok(expected));
        let several = json!({ "Effect": "Allow", "Action": ["a:B", "c:D"], "Resource": ["r", "s"] });
        let read = Statement::read(&several).unwrap();
        assert_eq!((read.effect, read.actions.len(), read.resources.len()), (Effect::Allow, 2, 2));
    }

    #[test]
    fn a_statement_that_can_not_be_evaluated_is_refused() {
        let good = json!({ "Effect": "Allow", "Action": "a:B", "Resource": "r" });
        let changed = |key: &str, value: Value| {
            let mut statement = good.clone();
            statement[key] = value;
            Statement::read(&statement).unwrap_err().key
        };
        for key in NOT_EVALUATED {
            assert_eq!(changed(key, json!({})), Some(key));
        }
        assert_eq!(changed("Effect", json!("allow")), Some("Effect"));
        assert_eq!(changed("Action", json!([1])), Some("Action"));
        assert_eq!(changed("Action", Value::Null), Some("Action"));
        assert_eq!(changed("Resource", json!({ "Fn::Sub": "x" })), Some("Resource"));
        assert_eq!(changed("Resource", json!("arn:aws:s3:::b/${aws:userid}")), Some("Resource"));
        assert_eq!(Statement::read(&json!("*")).unwrap_err().key, None);
        assert_eq!(Statement::read(&json!({ "Effect": "Allow", "Action": "*" })).unwrap_err().key, Some("Resource"));
    }
}
