//! The embedded DynamoDB from outside: compared with the HTTP server of the crate that it embeds, and its limits.

mod comparison;
mod differences;
mod limits;
mod requests;
