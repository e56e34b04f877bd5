//! `@connections`: which connections are open, and the HTTP API that posts to them, describes them and closes them.

mod adopted;
mod management_api;
mod open;

pub use adopted::{AdoptError, Adopted};
pub(crate) use management_api::{PREFIX, answer, forbidden};
pub(crate) use open::{Ending, OpenConnection, OpenConnections, Receivers};
