//! The whole system from outside: a gateway on a free port, real WebSocket clients, the real AWS SDKs, the real route binaries.

// Clippy's exception for tests does not reach their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod conformance;
mod console;
mod core;
mod docs;
mod example;
mod gateway;
mod support;
