//! The local gateway, as a library and as a program.

mod authorizers;
mod bounds;
mod cargo_lambda;
mod check;
mod command_line;
mod hot_reload;
mod lambda_api;
mod languages;
mod lifecycle;
mod management_api;
mod new;
mod pending_connect;
mod permissions;
mod replay;
mod robustness;
mod store;
mod terminal;
mod tls;
mod unserved_routes;
mod web_pages;
