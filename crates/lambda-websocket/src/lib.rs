// The first definition of a link counts: the README's own, at its end, are for readers of the repository.
//! [What an error does]: guide::errors
//! [Who is calling]: guide#modules
//! [Channels]: guide#modules
//! [Posting from a function that is not a route]: guide::posting
//! [A channel of any size]: guide#modules
//! [posting]: guide::posting
//! [A handler with a database]: guide::database
//! [A main of your own]: guide::service
//! [Testing handlers]: guide#modules
//! [testing]: guide#modules
//! [`connect()`]: connect()
//! [`Accept`]: Accept
//! [`Reject`]: Reject
//! [`disconnect()`]: disconnect()
//! [`one_way()`]: one_way()
//! [`two_way()`]: two_way()
//! [`Json`]: Json
//! [`Text`]: Text
//! [`authorize()`]: authorize()
//! [`Allow`]: Allow
//! [`Deny`]: Deny
//! [`Routes`]: Routes
//! [`RouteError`]: RouteError
//! [`AllowedOrigins`]: AllowedOrigins
//!
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
#[cfg(feature = "fan-out")]
mod fan_out;
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
mod service;
#[cfg(feature = "testing")]
pub mod testing;

#[cfg(doctest)]
#[doc = include_str!("compile_fail.md")]
struct CompileFail;

pub use authorize::{Allow, Authorize, ContextValue, Deny, InvalidClaims, Policy, authorize};
pub use aws::{SdkConfigError, sdk_config};
pub use aws_lambda_events;
pub use body::{Body, Json, Payload, Text};
pub use connect::{Accept, Connect, Reject, connect};
pub use connection_id::{ConnectionId, InvalidConnectionId, OwnId};
pub use connections::{
    Broadcast, Closing, ConnectionInfo, Connections, Delivery, EndpointError, Gone, MAX_PAYLOAD_BYTES, PostError,
    Recipient,
};
pub use context::RequestContext;
pub use disconnect::{Disconnect, disconnect};
pub use error::{FunctionError, Refusal, RouteError};
#[cfg(all(fuzzing, feature = "fan-out"))]
#[doc(hidden)]
pub use fan_out::fuzzing;
#[cfg(feature = "fan-out")]
pub use fan_out::{Audience, BroadcastWorker, CanPost, FanOut, FanOutSettingsError, FannedOut};
pub use handshake::{Handshake, Subprotocol};
pub use log::init_log;
pub use message::{Message, one_way, two_way};
pub use origin::{AllowedOrigins, InvalidOrigin};
#[cfg(feature = "dynamodb")]
pub use registry::{
    AttributesError, Channel, InvalidChannel, Joining, Joins, Member, Membership, MissingTableName, Registry,
    RegistryError, RowKey,
};
pub use response::Response;
pub use route::{Error, Route};
pub use routes::Routes;

/// Guides, beside the reference. In the repository they are in the folder `docs`.
pub mod guide {
    /// [registry]: channels
    /// [own table]: channels#a-table-of-your-own-beside-it
    /// [test]: crate::guide#modules
    ///
    #[doc = include_str!("../docs/authorisation.md")]
    #[cfg(feature = "dynamodb")]
    pub mod authorisation {}

    /// [deadline]: authorisation#the-sessions-deadline
    /// [fan-out]: crate::guide#modules
    /// [posting]: posting
    /// [`sdk_config`]: crate::sdk_config()
    ///
    #[doc = include_str!("../docs/channels.md")]
    #[cfg(feature = "dynamodb")]
    pub mod channels {}

    /// [`remaining`]: crate::RequestContext::remaining
    /// [Who is calling]: crate::guide#modules
    ///
    #[doc = include_str!("../docs/database.md")]
    pub mod database {}

    /// [authorisation]: crate::guide#modules
    ///
    #[doc = include_str!("../docs/errors.md")]
    pub mod errors {}

    /// [rooms]: channels#rooms-with-presence
    ///
    #[doc = include_str!("../docs/fan-out.md")]
    #[cfg(feature = "fan-out")]
    pub mod fan_out {}

    /// [Channels]: crate::guide#modules
    /// [large]: crate::guide#modules
    /// [A main of your own]: service
    ///
    #[doc = include_str!("../docs/posting.md")]
    pub mod posting {}

    /// [Testing handlers]: crate::guide#modules
    /// [`FunctionError`]: crate::FunctionError
    /// [`remaining`]: crate::RequestContext::remaining
    /// [`Route::replay`]: crate::Route::replay
    /// [`sdk_config`]: crate::sdk_config()
    ///
    #[doc = include_str!("../docs/service.md")]
    pub mod service {}

    /// [session's deadline]: crate::guide#modules
    ///
    #[doc = include_str!("../docs/testing.md")]
    #[cfg(feature = "testing")]
    pub mod testing {}
}
