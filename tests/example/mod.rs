//! The example API: its template, its sample events, its functions, as its clients know them.

mod authorize;
mod broadcast;
mod chat;
mod connect;
mod events;
mod faults;
mod needs;
mod presence;
mod template;
mod with_authorizer;
