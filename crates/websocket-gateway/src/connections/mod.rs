//! `@connections`: which connections are open, and the HTTP API that posts to them, describes them and closes them.

mod adopted;
mod management_api;
mod open;

pub use adopted::Adopted;
pub(crate) use management_api::{PREFIX, answer};
pub(crate) use open::{OpenConnection, OpenConnections, Receivers};
