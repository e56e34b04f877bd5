use std::fmt::{self, Display};

use serde_json::Value;

use super::body_path::{Step, value_at};

/// How a message names its route: `$request.body.action` and its relatives.
///
/// The grammar is that of "Selection expressions in API Gateway" in the API Gateway developer guide: one JSON path after
/// `$request.body.`, or text with `${request.body.path}` in it; `\$` stands for a dollar sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteSelectionExpression {
    parts: Vec<Part>,
}

/// Why a text is not a route selection expression, and what to write instead.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidExpression(String);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Part {
    Literal(String),
    Body(Vec<Step>),
}

const EXAMPLE: &str = "write for example $request.body.action";

impl RouteSelectionExpression {
    /// Reads an expression.
    ///
    /// # Errors
    /// A variable other than `request.body.…`, a path that names no field, and braces that don't close.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidExpression> {
        if let Some(path) = text.strip_prefix('$').filter(|rest| !rest.starts_with('{')) {
            return Ok(Self { parts: vec![variable(path)?] });
        }
        let mut parts = Vec::new();
        let mut literal = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['\\', '$']) {
            literal.push_str(&rest[..at]);
            rest = &rest[at..];
            if let Some(after) = rest.strip_prefix("\\$") {
                literal.push('$');
                rest = after;
            } else if let Some(after) = rest.strip_prefix('\\') {
                literal.push('\\');
                rest = after;
            } else if let Some(after) = rest.strip_prefix("${") {
                let (path, after) = after
                    .split_once('}')
                    .ok_or_else(|| InvalidExpression(format!("`${{` without a closing `}}` in `{text}`")))?;
                if !literal.is_empty() {
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                }
                parts.push(variable(path)?);
                rest = after;
            } else {
                return Err(InvalidExpression(format!(
                    "a `$` inside `{text}`: write `${{request.body.field}}` for a field of the message, `\\$` for a dollar sign"
                )));
            }
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            parts.push(Part::Literal(literal));
        }
        if parts.is_empty() {
            return Err(InvalidExpression(format!("the expression is empty: {EXAMPLE}")));
        }
        Ok(Self { parts })
    }

    /// The route key, if it is the same for every message.
    pub(crate) fn constant(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [Part::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// The route key that `message` asks for; `None` if the expression can't be evaluated on it, which means `$default`.
    #[must_use]
    pub(crate) fn evaluate(&self, message: &str) -> Option<String> {
        match self.parts.as_slice() {
            [Part::Literal(constant)] => Some(constant.clone()),
            [Part::Body(path)] => value_at(path, message).ok()?.filter(is_present).map(text_of),
            parts => parts
                .iter()
                .map(|part| match part {
                    Part::Literal(text) => Some(text.clone()),
                    // Inside a longer text a missing field is the empty text, not a failure.
                    Part::Body(path) => {
                        Some(value_at(path, message).ok()?.filter(is_present).map(text_of).unwrap_or_default())
                    }
                })
                .collect(),
        }
    }
}

/// As the template writes it, in its shortest form.
impl Display for RouteSelectionExpression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [Part::Body(path)] = self.parts.as_slice() {
            f.write_str("$")?;
            return write_path(path, f);
        }
        for part in &self.parts {
            match part {
                Part::Literal(text) => f.write_str(&text.replace('$', r"\$"))?,
                Part::Body(path) => {
                    f.write_str("${")?;
                    write_path(path, f)?;
                    f.write_str("}")?;
                }
            }
        }
        Ok(())
    }
}

fn write_path(path: &[Step], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    f.write_str("request.body")?;
    path.iter().try_for_each(|step| match step {
        Step::Key(name) => write!(f, ".{name}"),
        Step::Index(index) => write!(f, "[{index}]"),
    })
}

fn variable(text: &str) -> Result<Part, InvalidExpression> {
    let path = text.strip_prefix("request.body.").ok_or_else(|| {
        InvalidExpression(format!("a route key can't come from `{text}`, only from `request.body.…`: {EXAMPLE}"))
    })?;
    let mut steps = Vec::new();
    for segment in path.split('.') {
        let (name, mut indexes) = segment.split_at(segment.find('[').unwrap_or(segment.len()));
        if name.is_empty() {
            return Err(InvalidExpression(format!("`{text}` names no field: {EXAMPLE}")));
        }
        steps.push(Step::Key(name.to_owned()));
        while !indexes.is_empty() {
            let (index, rest) = indexes
                .strip_prefix('[')
                .and_then(|inner| inner.split_once(']'))
                .and_then(|(digits, rest)| Some((digits.parse().ok()?, rest)))
                .ok_or_else(|| {
                    InvalidExpression(format!("`{indexes}` in `{text}` is not an index: write for example `[0]`"))
                })?;
            steps.push(Step::Index(index));
            indexes = rest;
        }
    }
    Ok(Part::Body(steps))
}

/// A guess: an explicit null means the same as a missing field.
fn is_present(value: &Value) -> bool {
    !value.is_null()
}

fn text_of(value: Value) -> String {
    match value {
        Value::String(text) => text,
        Value::Array(items) => {
            let items: Vec<_> = items.into_iter().map(text_of).collect();
            format!("[{}]", items.join(", "))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evaluate(expression: &str, message: &str) -> Option<String> {
        RouteSelectionExpression::parse(expression).unwrap().evaluate(message)
    }

    #[test]
    fn a_path_reads_nested_fields_and_array_items() {
        let cases = [
            ("$request.body.action", r#"{"action":"join"}"#, Some("join")),
            ("${request.body.action}", r#"{"action":"join"}"#, Some("join")),
            ("$request.body.a.b", r#"{"a":{"b":"deep"}}"#, Some("deep")),
            ("$request.body.a[1].b", r#"{"a":[0,{"b":"second"}]}"#, Some("second")),
            ("$request.body.action", r#"{"action":7}"#, Some("7")),
            ("$request.body.action", r#"{"action":true}"#, Some("true")),
            ("$request.body.action", r#"{"action":["a",1]}"#, Some("[a, 1]")),
            ("$request.body.action", r#"{"action":{"a":1}}"#, Some(r#"{"a":1}"#)),
            ("$request.body.action", r#"{"action":null}"#, None),
            ("$request.body.action", r#"{"other":1}"#, None),
            ("$request.body.action", r#"["action"]"#, None),
            ("$request.body.action", "not JSON", None),
        ];
        for (expression, message, expected) in cases {
            assert_eq!(evaluate(expression, message).as_deref(), expected, "{expression} on {message}");
        }
    }

    #[test]
    fn literals_and_fields_mix_and_a_missing_field_is_empty() {
        assert_eq!(evaluate("${request.body.s}/${request.body.a}", r#"{"s":"x","a":"y"}"#).as_deref(), Some("x/y"));
        assert_eq!(evaluate("join-${request.body.room}", "{}").as_deref(), Some("join-"));
        assert_eq!(evaluate("join-${request.body.room}", "not JSON"), None);
        assert_eq!(evaluate(r"\$default", "anything").as_deref(), Some("$default"));
        assert_eq!(evaluate(r"a\b", "anything").as_deref(), Some(r"a\b"));
    }

    #[test]
    fn it_is_shown_as_it_is_written() {
        for text in [
            "$request.body.action",
            "$request.body.a[1].b",
            "${request.body.s}/${request.body.a}",
            r"\$default",
            "join-${request.body.room}",
        ] {
            assert_eq!(RouteSelectionExpression::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(
            RouteSelectionExpression::parse("${request.body.action}").unwrap().to_string(),
            "$request.body.action"
        );
    }

    #[test]
    fn other_sources_and_broken_syntax_are_refused() {
        for expression in [
            "",
            "$request.header.x",
            "$request.body.",
            "$request.body.a..b",
            "$request.body.a[x]",
            "${request.body.a",
            "a$b",
        ] {
            assert!(RouteSelectionExpression::parse(expression).is_err(), "{expression}");
        }
    }
}
