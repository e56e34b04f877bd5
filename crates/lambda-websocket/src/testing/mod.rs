//! Events, and a recorder of what is posted, for the tests of handlers: see [the guide](crate::guide::testing).

mod event;
mod kinds;
mod recorder;
mod wire;

pub use event::TestEvent;
pub use kinds::{Kind, authorizer, connect, disconnect, message};
pub use recorder::{Answer, Post, Recorder};

/// The id of the connection that an event is about, unless [`TestEvent::id`] says otherwise.
pub const CONNECTION_ID: &str = "TnAb3dVvDoECJ5A=";
