use std::fmt;

use crate::cause::BoxError;

/// A DynamoDB call failed. The text names the table and the action; the cause is the [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[error("the table `{table}`: {action} failed")]
pub struct RegistryError {
    pub(super) table: String,
    pub(super) action: &'static str,
    pub(super) source: BoxError,
}

/// The environment variable `TABLE_NAME` is not set, or empty.
#[derive(Clone, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable TABLE_NAME is not set: it must name the table of connections")]
#[non_exhaustive]
pub struct MissingTableName;

/// A `main` that returns an error prints it with `Debug`.
impl fmt::Debug for MissingTableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
