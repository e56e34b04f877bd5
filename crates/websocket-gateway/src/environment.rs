//! What functions get to know of the gateway.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;

use crate::credentials::Credentials;
use crate::deployment::load;
use crate::gateway::{StartError, local};
use crate::options::{Options, Store};

/// What functions that are started elsewhere need to find this gateway: for each variable its values, mostly one. Several functions may
/// want different ones.
///
/// # Errors
/// If the template can't be served.
pub fn environment(options: &Options) -> Result<BTreeMap<String, BTreeSet<String>>, StartError> {
    let api = load(options)?.api;
    let address = local(SocketAddr::new(options.host, options.port));
    let dynamodb_url = match &options.store {
        Store::Endpoint(url) => url.clone(),
        Store::Memory | Store::Directory(_) => format!("http://127.0.0.1:{}", options.dynamodb_port),
    };
    let mut own = own_environment(address, &api.stage.name, &dynamodb_url);
    own.extend(Credentials::new(&options.region()).shared());
    let mut environment: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, value) in api.functions.into_values().flat_map(|function| function.environment) {
        environment.entry(name).or_default().insert(value);
    }
    environment.extend(own.into_iter().map(|(name, value)| (name, [value].into())));
    Ok(environment)
}

/// Where the functions find what they call. The endpoints are the SDKs' own variables, so that a binary needs to know nothing of the
/// gateway.
pub(crate) fn own_environment(address: SocketAddr, stage: &str, dynamodb_url: &str) -> BTreeMap<String, String> {
    [
        ("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", format!("http://{address}/{stage}")),
        ("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}
