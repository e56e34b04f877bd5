//! The front door: handshakes, messages and closes, as API Gateway does them.

mod close;
mod error_frame;
mod handshake;
mod message;
mod route_selection;
mod session;
mod upgrade;

pub(crate) use handshake::handshake;
