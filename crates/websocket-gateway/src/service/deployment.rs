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
    /// Every route that is served by its route key, with the function behind it.
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

    /// The route with this route key: its integration, or why the gateway can't serve it.
    pub(crate) fn route(&self, route_key: &str) -> Option<(&str, Result<&Integration, &str>)> {
        let served = self.routes.get_key_value(route_key).map(|(key, integration)| (key.as_str(), Ok(integration)));
        let unserved =
            || self.api.unserved.get_key_value(route_key).map(|(key, why)| (key.as_str(), Err(why.as_str())));
        served.or_else(unserved)
    }
}
