//! The local gateway, as a library and as a program.

mod authorizers;
mod cargo_lambda;
mod command_line;
mod faults;
mod hot_reload;
mod lambda_api;
mod lifecycle;
mod management_api;
mod permissions;
mod replay;
mod robustness;
