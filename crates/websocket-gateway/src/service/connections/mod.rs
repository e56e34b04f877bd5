//! Which connections are open.

mod adopted;
mod open;

pub use adopted::{AdoptError, Adopted};
pub(crate) use open::{Ending, OpenConnection, OpenConnections, Receivers};
