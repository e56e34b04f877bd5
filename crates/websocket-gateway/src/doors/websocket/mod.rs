//! The WebSocket: handshakes, messages and closes, as API Gateway does them.

mod close;
mod disconnect;
mod error_frame;
mod handshake;
mod message;
mod route_selection;
mod session;
mod upgrade;

pub(super) use handshake::{handshake, upgrade_required};
#[cfg(feature = "console")]
pub(super) use message::take;
