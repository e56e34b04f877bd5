//! What a running gateway knows, and what API Gateway does between a client and a function: integrations and the authorizer.

mod asynchronous;
pub(crate) mod authorizer;
pub(crate) mod connections;
mod deployment;
mod homes;
pub(crate) mod integration;
mod places;
mod state;
mod throttle;
mod turns;

pub(crate) use asynchronous::{Asynchronous, Queued};
pub(crate) use deployment::{DeployedAuthorizer, Deployment, Integration};
pub(crate) use homes::Homes;
pub(crate) use places::{Place, Places};
pub(crate) use state::{DISCONNECTS_AT_ONCE, Service};
pub(crate) use throttle::{Throttle, Throttled};
pub(crate) use turns::Turns;
