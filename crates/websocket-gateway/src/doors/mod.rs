//! Everything that listens, except the Runtime API: what each request asks for, and how it is answered.

mod dynamodb;
#[cfg(fuzzing)]
pub(crate) mod fuzzing;
mod invoke_api;
mod management_api;
mod proxy;
mod router;
mod websocket;

pub(crate) use dynamodb::{DynamoDbDoor, OpenDoor};
pub(crate) use router::serve;
