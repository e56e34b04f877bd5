//! Everything that listens, except the Runtime API: what each request asks for, and how it is answered.

#[cfg_attr(not(feature = "console"), path = "no_console.rs")]
mod console;
mod dynamodb;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod invoke_api;
mod management_api;
mod port;
mod proxy;
mod router;
mod sqs;
mod websocket;

pub(crate) use console::Console;
pub(crate) use dynamodb::serve_store;
pub(crate) use port::{OpenPort, Port};
pub(crate) use router::serve;
pub(crate) use sqs::serve_queues;
