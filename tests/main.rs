//! The whole system from outside: a gateway on a free port, real WebSocket clients, the real AWS SDKs, the real route binaries.

mod chat;
mod connect;
mod events;
mod faults;
mod management_api;
mod support;
mod template;
