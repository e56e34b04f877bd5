//! The template as a tree of values, each with its place in the file.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::ops::RangeInclusive;
use std::str::FromStr;

use miette::SourceSpan;
use serde_json::Number;

use super::error::Finding;

/// A value and its place in the file, in bytes.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) span: SourceSpan,
    pub(super) value: Value,
}

#[derive(Clone, Debug)]
pub(super) enum Value {
    Null,
    Bool(bool),
    Number(Number),
    Text(String),
    List(Vec<Node>),
    Map(Map),
    Call(Box<Call>),
}

/// A call of an intrinsic function, in the short form `!Sub text` or the long form `Fn::Sub: text`.
#[derive(Clone, Debug)]
pub(super) struct Call {
    /// The function's name, without `!` or `Fn::`.
    pub(super) function: String,
    pub(super) argument: Node,
}

/// A map in the order of the file. Its keys are unique.
#[derive(Clone, Debug, Default)]
pub(super) struct Map(pub(super) Vec<Entry>);

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: SourceSpan,
    pub(super) value: Node,
}

impl Entry {
    /// Whether AWS would replace this entry by the output of a macro.
    pub(super) fn is_macro(&self) -> bool {
        self.key == "Fn::Transform" || self.key.starts_with("Fn::ForEach::")
    }
}

impl Map {
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.key == key)
    }

    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|entry| entry.key.as_str())
    }

    /// Puts `own` over `self` as SAM does with `Globals`: maps are merged, lists are joined, and other values are replaced.
    ///
    /// Source: SAM developer guide, "Globals section of the AWS SAM template".
    pub(super) fn overlaid(&self, own: &Self) -> Self {
        let mut merged = self.clone();
        for entry in &own.0 {
            match merged.0.iter_mut().find(|global| global.key == entry.key) {
                Some(global) => *global = Entry { value: global.value.overlaid(&entry.value), ..entry.clone() },
                None => merged.0.push(entry.clone()),
            }
        }
        merged
    }
}

impl Node {
    pub(super) fn new(span: SourceSpan, value: Value) -> Self {
        Self { span, value }
    }

    fn overlaid(&self, own: &Self) -> Self {
        let value = match (&self.value, &own.value) {
            (Value::Map(global), Value::Map(own)) => Value::Map(global.overlaid(own)),
            (Value::List(global), Value::List(own)) => Value::List([global.as_slice(), own].concat()),
            (_, own) => own.clone(),
        };
        Self::new(own.span, value)
    }

    /// An error that says what `what` must be, and what it is instead.
    pub(super) fn not(&self, what: &str, expected: &str) -> Finding {
        let found = match &self.value {
            Value::Null => "empty".to_owned(),
            Value::Bool(value) => format!("`{value}`"),
            Value::Number(value) => format!("`{value}`"),
            Value::Text(_) => "text".to_owned(),
            Value::List(_) => "a list".to_owned(),
            Value::Map(_) => "a map".to_owned(),
            Value::Call(call) => format!("`!{}`", call.function),
        };
        Finding::at(self.span, format!("{what} must be {expected}, but is {found}"))
    }

    pub(super) fn map(&self, what: &str) -> Result<&Map, Finding> {
        match &self.value {
            Value::Map(map) => Ok(map),
            _ => Err(self.not(what, "a map (`Name: value`)")),
        }
    }

    /// The value of a required key.
    pub(super) fn entry(&self, what: &str, key: &str) -> Result<&Self, Finding> {
        let map = self.map(what)?;
        map.get(key)
            .ok_or_else(|| Finding::at(self.span, format!("{what} has no `{key}`")).suggest_instead_of(map.keys(), key))
    }

    pub(super) fn list(&self, what: &str) -> Result<&[Self], Finding> {
        match &self.value {
            Value::List(items) => Ok(items),
            _ => Err(self.not(what, "a list (`[first, second]`)")),
        }
    }

    /// The value as text. As in CloudFormation, numbers and booleans are accepted, too.
    pub(super) fn text(&self, what: &str) -> Result<String, Finding> {
        match &self.value {
            Value::Text(text) => Ok(text.clone()),
            Value::Number(number) => Ok(number.to_string()),
            Value::Bool(value) => Ok(value.to_string()),
            _ => Err(self.not(what, "text")),
        }
    }

    /// The value as a map from names to texts.
    pub(super) fn texts(&self, what: &str) -> Result<BTreeMap<String, String>, Finding> {
        let entries = self.map(what)?.0.iter();
        entries.map(|entry| Ok((entry.key.clone(), entry.value.text(&format!("`{}`", entry.key))?))).collect()
    }

    /// The value as a whole number. Text with digits is accepted, too, because parameters are always text.
    pub(super) fn integer<T>(&self, what: &str, range: RangeInclusive<T>) -> Result<T, Finding>
    where
        T: Copy + Display + FromStr + PartialOrd,
    {
        let number = self.text(what).ok().and_then(|text| text.parse().ok());
        number.filter(|number| range.contains(number)).ok_or_else(|| {
            let (least, most) = (range.start(), range.end());
            Finding::at(self.span, format!("{what} must be a whole number from {least} to {most}"))
        })
    }

    pub(super) fn boolean(&self, what: &str) -> Result<bool, Finding> {
        let text = self.text(what).unwrap_or_default();
        text.parse().map_err(|_| self.not(what, "`true` or `false`"))
    }

    /// The value as JSON. Only for a node whose intrinsic functions are resolved.
    pub(super) fn to_json(&self, what: &str) -> Result<serde_json::Value, Finding> {
        Ok(match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Number(number) => number.clone().into(),
            Value::Text(text) => text.as_str().into(),
            Value::List(items) => items.iter().map(|item| item.to_json(what)).collect::<Result<_, _>>()?,
            Value::Map(map) => {
                let entries = map.0.iter().map(|entry| Ok((entry.key.clone(), entry.value.to_json(what)?)));
                serde_json::Value::Object(entries.collect::<Result<_, Finding>>()?)
            }
            Value::Call(_) => return Err(self.not(what, "a value")),
        })
    }
}
