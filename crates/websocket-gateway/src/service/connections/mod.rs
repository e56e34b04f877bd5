//! Which connections are open.

mod adopted;
mod open;
mod outbox;
mod room;

pub use adopted::{AdoptError, Adopted};
pub(crate) use open::{Ending, OpenConnection, OpenConnections, Receivers, UnderWay};
pub(crate) use room::NoRoom;
