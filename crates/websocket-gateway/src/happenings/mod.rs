//! One typed stream of everything that happens while a gateway serves. The terminal, the recorder and the library's
//! [`Invocations`] are its readers.
//!
//! Every room tells what happens in it through a [`HappeningSender`], and no room keeps a list of its own. The stream is bounded: a reader that
//! is too slow gets [`What::Missed`] with a count. A happening is made only if a reader wants it.

mod happening;
mod invocations;
mod stream;
mod wording;

pub use happening::{Door, Happening, Invocation, InvocationResult, Level, What};
pub use invocations::{Invocations, NoInvocation};
pub(crate) use stream::HappeningSender;
pub use stream::Happenings;
