//! One typed stream of everything that happens while a gateway serves. The terminal, the recorder and the library's
//! [`Invocations`] are its readers.
//!
//! Every room tells what happens in it through a [`HappeningSender`]; nobody keeps a second list. The stream is bounded: a reader that is too
//! slow gets [`What::Missed`] with a count. A happening that no reader wants is never made.

mod happening;
mod invocations;
mod stream;
mod wording;

pub use happening::{Door, Happening, Invocation, InvocationResult, Level, What};
pub use invocations::{Invocations, NoInvocation};
pub(crate) use stream::HappeningSender;
pub use stream::Happenings;
