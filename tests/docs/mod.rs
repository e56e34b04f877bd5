//! What the documents say, done as they say it.

mod own_api;
mod sections;
