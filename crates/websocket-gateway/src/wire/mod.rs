//! HTTP as every door speaks it: a server, a client, bodies with a limit, and answers, with the one shape that all AWS services give their
//! errors.

pub(crate) mod address;
pub(crate) mod answer;
pub(crate) mod body;
pub(crate) mod client;
pub(crate) mod server;
