use std::collections::{BTreeMap, BTreeSet};
use std::net::{Ipv4Addr, SocketAddr};

use super::deployer::{endpoints, load};
use super::{Options, StartError, Store, own_address, trust};
use crate::guard::Credentials;
use crate::service::Homes;
use crate::wire::address::reachable;

/// The environment that functions need to find this gateway when they are started elsewhere: each variable with its values, mostly one. Several
/// functions may want different values.
///
/// # Errors
/// If the template can't be served.
pub fn environment(options: &Options) -> Result<BTreeMap<String, BTreeSet<String>>, StartError> {
    let mut api = load(options)?.api;
    let address = reachable(SocketAddr::new(options.host, options.port));
    own_address::lead_home(&mut api, address, cfg!(feature = "tls"));
    let store = SocketAddr::from((Ipv4Addr::LOCALHOST, options.dynamodb_port));
    let (dynamodb_url, store) = match &options.store {
        Store::Endpoint(url) => (url.clone(), None),
        Store::Memory | Store::Directory(_) => (format!("http://{store}"), Some(store)),
    };
    let queues = SocketAddr::from((Ipv4Addr::LOCALHOST, options.sqs_port));
    let (sqs_url, queues) = match &options.sqs_endpoint {
        Some(url) => (url.clone(), None),
        None => (format!("http://{queues}"), Some(queues)),
    };
    let account = &api.account.id;
    let urls = api.queues.iter().map(|queue| (queue.name.clone(), format!("{sqs_url}/{account}/{}", queue.name)));
    let urls = urls.collect();
    own_address::lead_to_queues(&mut api, &urls);
    let mut own = endpoints(&api, &dynamodb_url, &sqs_url, Homes { gateway: address, store, queues });
    match trust::of_running(address) {
        Some(variables) => own.extend(variables),
        None if cfg!(feature = "tls") => tracing::info!(
            "no gateway runs at {address}, so its certificate is not known: for functions that call https://{address}, run `env` again \
             when it does"
        ),
        None => {}
    }
    own.extend(Credentials::new(&options.region()).shared());
    let mut environment: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, value) in api.functions.into_values().flat_map(|function| function.environment) {
        environment.entry(name).or_default().insert(value);
    }
    environment.extend(own.into_iter().map(|(name, value)| (name, [value].into())));
    Ok(environment)
}
