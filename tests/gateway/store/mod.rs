//! The embedded DynamoDB from outside, compared with the HTTP server of the crate that it embeds.

mod comparison;
mod differences;
mod requests;
