//! The functions' store: an embedded DynamoDB or one that runs elsewhere, with the template's tables in it.

mod embedded;
mod needs;
mod tables;

pub(crate) use embedded::{Embedded, EmbeddedError};
pub(crate) use needs::needs;
pub(crate) use tables::create_missing;
