//! What the crate calls, `@connections`, DynamoDB and SQS: with the real SDK, against servers that the tests play.

// Clippy's exception for tests does not reach their helpers.
#![allow(clippy::panic, clippy::unwrap_used)]

mod broadcast;
#[cfg(feature = "fan-out")]
mod fan_out;
mod function;
#[cfg(feature = "dynamodb")]
mod registry;
mod roots;
mod server;
