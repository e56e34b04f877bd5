//! The whole system from outside: a gateway on a free port, real WebSocket clients, the real AWS SDKs, the real route binaries.

// Clippy's exception for tests does not reach their helpers.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

mod authorize;
mod authorizers;
mod cargo_lambda;
mod chat;
mod command_line;
mod conformance;
mod connect;
mod events;
mod example_authorizer;
mod faults;
mod hot_reload;
mod lambda_api;
mod lifecycle;
mod management_api;
mod outcomes;
mod own_api;
mod permissions;
mod registry;
mod replay;
mod robustness;
mod support;
mod template;
