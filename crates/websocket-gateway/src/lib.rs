//! A local Amazon API Gateway for WebSocket APIs.
//!
//! [`Gateway::start`] reads a SAM template, builds the functions behind its routes, and serves the API on a local port: real
//! WebSocket clients at the front, the functions' own binaries behind a real Lambda Runtime API, `@connections` and DynamoDB for
//! them to call. The rules of API Gateway are in the modules that bear their names.

pub mod api;
pub mod lambda;
pub mod replay;
pub mod template;

mod bounded_body;
mod changes;
mod clock;
mod connections;
mod credentials;
mod deployment;
mod dynamodb;
mod environment;
mod event;
mod front_door;
mod functions;
mod gateway;
mod http_client;
mod ids;
mod integration;
mod invocations;
mod lambda_api;
mod options;
mod record;
mod service;
mod websocket;

pub use changes::{Changes, WatchError};
pub use clock::Clock;
pub use connections::{AdoptError, Adopted};
pub use environment::environment;
pub use gateway::{Gateway, Reloaded, StartError};
pub use invocations::{Invocation, InvocationResult, Invocations};
pub use options::{Options, Store};
