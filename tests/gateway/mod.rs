//! The local gateway, as a library and as a program.

mod authorizers;
mod bounds;
mod cargo_lambda;
mod cdk;
mod check;
mod classics;
mod command_line;
mod hot_reload;
mod lambda_api;
mod languages;
mod lifecycle;
mod management_api;
mod new;
mod pending_connect;
mod permissions;
mod posting_home;
mod queues;
mod rate_limit;
mod replay;
mod robustness;
mod store;
mod terminal;
mod tls;
mod unserved_routes;
mod web_pages;
