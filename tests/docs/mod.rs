//! What the documents say, done as they say it.

mod add_a_route;
mod commands;
mod own_api;
mod programs;
mod rooms;
mod sections;
