//! The functions' store: an embedded DynamoDB or one that runs elsewhere, with the template's tables in it.

mod data;
mod embedded;
mod field_types;
mod letter_case;
mod needs;
mod operations;
pub(crate) mod protocol;
mod tables;
mod unreadable;

pub(crate) use embedded::{Embedded, EmbeddedError, Queue, Unanswered};
pub(crate) use needs::needs;
pub(crate) use operations::Operation;
pub(crate) use tables::{TableStore, create_missing};
