//! The core crate, in functions of its own behind a gateway.

mod database;
mod outcomes;
mod programs;
mod registry;
mod sessions;
