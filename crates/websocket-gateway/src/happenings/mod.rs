//! One typed stream of what happens between clients, gateway and functions. The terminal, the recorder, the console and the library's [`Invocations`]
//! are its readers.
//!
//! Every room tells what happens in it through a [`HappeningSender`], and no room keeps a list of its own. Each reader has a bounded queue; a
//! reader that is too slow gets [`What::Missed`] with a count. A happening is made only if a reader wants it. (Warnings about the template
//! and the machine, such as a failing `accept`, are not happenings. They go to [`tracing`] directly.)

mod happening;
mod invocations;
mod json;
mod log;
mod stream;
mod wording;

pub use happening::{Batch, Door, Happening, Invocation, InvocationResult, Level, Reloaded, ReportStatus, What};
pub use invocations::{Invocations, NoInvocation};
pub use stream::Happenings;
pub(crate) use stream::{HappeningSender, Interest};
pub(crate) use wording::excerpt;
