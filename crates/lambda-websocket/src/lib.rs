#![doc = include_str!("../README.md")]

mod authorize;
mod aws;
mod body;
mod cause;
mod connect;
mod connection_id;
mod connections;
mod context;
mod disconnect;
mod error;
mod event;
mod handshake;
mod log;
mod message;
mod origin;
#[cfg(feature = "dynamodb")]
mod registry;
mod response;
mod route;
mod routes;
mod serve;

#[cfg(doctest)]
#[doc = include_str!("compile_fail.md")]
struct CompileFail;

pub use authorize::{Allow, Authorize, ContextValue, Deny, Policy, authorize};
pub use aws_lambda_events;
pub use body::{Body, Json, Payload, Text};
pub use connect::{Accept, Connect, Reject, connect};
pub use connection_id::{ConnectionId, InvalidConnectionId, OwnId};
pub use connections::{Broadcast, Closing, ConnectionInfo, Connections, Delivery, Gone, MAX_PAYLOAD_BYTES, PostError};
pub use context::RequestContext;
pub use disconnect::{Disconnect, disconnect};
pub use error::{FunctionError, RouteError};
pub use handshake::{Handshake, Subprotocol};
pub use log::init_log;
pub use message::{Message, one_way, two_way};
pub use origin::{AllowedOrigins, InvalidOrigin};
#[cfg(feature = "dynamodb")]
pub use registry::{Channel, InvalidChannel, MissingTableName, Registry, RegistryError, RowKey};
pub use response::Response;
pub use route::{Error, Route};
pub use routes::Routes;
