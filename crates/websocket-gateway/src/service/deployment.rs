//! What is served at one time: the API as the template says, and its functions as they are built. A reload makes a new deployment; work
//! that has begun with the one before ends with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::api::{Api, Authorizer, Route};
use crate::lambda::{Callable, Functions};

/// The API and its functions.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) api: Arc<Api>,
    pub(crate) functions: Functions,
    /// Every route by its route key, with the function behind it.
    pub(crate) routes: BTreeMap<String, Integration>,
    pub(crate) authorizer: Option<DeployedAuthorizer>,
}

/// The authorizer of `$connect`, with the function behind it.
#[derive(Debug)]
pub(crate) struct DeployedAuthorizer {
    pub(crate) authorizer: Authorizer,
    pub(crate) function: Callable,
}

/// A route's integration: the function that it calls, and how.
#[derive(Debug)]
pub(crate) struct Integration {
    pub(crate) route: Route,
    pub(crate) function: Callable,
}

impl Deployment {
    pub(crate) fn new(api: Api, functions: Functions) -> Self {
        let routes = api.routes.iter().map(|(route_key, route)| {
            let function = functions.get_or_absent(&route.function);
            (route_key.clone(), Integration { route: route.clone(), function })
        });
        let routes = routes.collect();
        let authorizer = api.authorizer.clone().map(|authorizer| {
            let function = functions.get_or_absent(&authorizer.function);
            DeployedAuthorizer { authorizer, function }
        });
        Self { api: Arc::new(api), functions, routes, authorizer }
    }
}
