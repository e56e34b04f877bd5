use std::fmt;

use serde::Serialize;

/// A value of an authorizer's context. Arrays and objects are not allowed: with one of them API Gateway answers 500.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum ContextValue {
    /// A string.
    Text(String),
    /// A number.
    Number(serde_json::Number),
    /// True or false.
    Bool(bool),
}

/// The text that API Gateway makes of it.
impl fmt::Display for ContextValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Number(number) => number.fmt(f),
            Self::Bool(value) => value.fmt(f),
        }
    }
}

impl From<&str> for ContextValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for ContextValue {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<bool> for ContextValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

macro_rules! from_integers {
    ($($integer:ty),*) => {
        $(impl From<$integer> for ContextValue {
            fn from(number: $integer) -> Self {
                Self::Number(number.into())
            }
        })*
    };
}

from_integers!(i32, i64, u32, u64);

impl From<f64> for ContextValue {
    fn from(number: f64) -> Self {
        // JSON has neither infinities nor NaN. API Gateway turns every value into a string anyway, so these become strings here.
        serde_json::Number::from_f64(number).map_or_else(|| Self::Text(number.to_string()), Self::Number)
    }
}
