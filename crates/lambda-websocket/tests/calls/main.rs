//! What the crate calls, `@connections` and DynamoDB: with the real SDK, against servers that the tests play.

// Clippy's exception for tests does not reach their helpers.
#![allow(clippy::panic, clippy::unwrap_used)]

mod broadcast;
mod function;
#[cfg(feature = "dynamodb")]
mod registry;
mod roots;
mod server;
