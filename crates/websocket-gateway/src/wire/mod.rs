//! HTTP as every door speaks it: a server, with TLS and without, a client, bodies with a limit, and answers, with the one shape that all AWS
//! services give their errors.

pub(crate) mod address;
pub(crate) mod answer;
mod answer_body;
pub(crate) mod body;
pub(crate) mod client;
pub(crate) mod server;
pub(crate) mod stream;
#[cfg_attr(not(feature = "tls"), path = "no_tls.rs")]
pub(crate) mod tls;
pub(crate) mod written_head;
