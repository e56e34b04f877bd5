//! The template's queues: embedded standard queues, or those of an SQS that runs elsewhere.
//!
//! - `queues` contains all embedded queues, and lets receivers wait,
//! - `queue` is one of them: no I/O, and no clock of its own,
//! - `message`, `attributes`, `receipt`: what it contains, and what its receivers get,
//! - `operations` are what a request may ask for, `sending`, `receiving` and `describing` do it; `requests`, `answers` and `refusal` are how SQS
//!   writes that,
//! - `protocol` is the HTTP around it, `needs` the permission for it,
//! - `store` is either the embedded queues or those elsewhere, past the guard.

mod answers;
mod attributes;
mod describing;
mod elsewhere;
mod large;
mod message;
mod needs;
mod operations;
pub(crate) mod protocol;
mod queue;
mod queues;
mod receipt;
mod receiving;
mod refusal;
mod requests;
mod sending;
mod store;

pub(crate) use elsewhere::Elsewhere;
pub(crate) use needs::needs;
pub(crate) use operations::{Operation, Sender};
pub(crate) use queues::Queues;
pub(crate) use refusal::{Kind, Refusal};
pub(crate) use store::QueueStore;
