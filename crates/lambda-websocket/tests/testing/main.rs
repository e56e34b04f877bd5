//! The feature `testing`: what it stands for must be what routes and the SDK make of the real thing.

// Clippy's exception for tests does not reach their helpers.
#![allow(clippy::panic, clippy::unwrap_used)]

mod events;
mod guide;
mod recorder;
