//! What is served at one time: the API as the template says, and its functions as they are built. A reload makes a new deployment; work
//! that has begun with the one before ends with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Api, Authorizer, Route};
use crate::lambda::{Callable, Functions, InvokeError};

/// The API and its functions.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) api: Arc<Api>,
    pub(crate) functions: Functions,
    /// Every route by its route key, with the function behind it.
    pub(crate) routes: BTreeMap<String, Integration>,
    /// Who decides whether a client may connect, with the function behind it.
    pub(crate) authorizer: Option<(Authorizer, Callable)>,
}

/// A route's integration: the function that it calls, and how.
#[derive(Debug)]
pub(crate) struct Integration {
    pub(crate) route: Route,
    pub(crate) function: Callable,
}

impl Deployment {
    /// # Errors
    /// If a route or the authorizer names a function that is not there.
    pub(crate) fn new(api: Api, functions: Functions) -> Result<Self, InvokeError> {
        let mut routes = BTreeMap::new();
        for (route_key, route) in &api.routes {
            let function = functions.get(&route.function)?.clone();
            routes.insert(route_key.clone(), Integration { route: route.clone(), function });
        }
        let authorizer = match &api.authorizer {
            Some(authorizer) => Some((authorizer.clone(), functions.get(&authorizer.function)?.clone())),
            None => None,
        };
        Ok(Self { api: Arc::new(api), functions, routes, authorizer })
    }
}
