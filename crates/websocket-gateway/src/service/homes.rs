//! Hosts on AWS that are here: what functions call there has to come home.

use std::net::SocketAddr;

use crate::api::Api;

/// Where they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Homes {
    /// The gateway itself, as functions reach it.
    pub(crate) gateway: SocketAddr,
    /// The embedded DynamoDB. `None` if the tables are elsewhere.
    pub(crate) store: Option<SocketAddr>,
    /// The embedded queues. `None` if they are elsewhere.
    pub(crate) queues: Option<SocketAddr>,
}

impl Homes {
    /// Each host with its address here. On AWS they speak TLS only, so a gateway without TLS has just the API's own, which may be called without.
    pub(crate) fn of(self, api: &Api) -> impl Iterator<Item = (String, SocketAddr)> {
        let services = [("lambda", Some(self.gateway)), ("dynamodb", self.store), ("sqs", self.queues)];
        let services = services.map(|(service, address)| Some((api.account.host_of(service), address?)));
        let services = services.into_iter().flatten().filter(|_| cfg!(feature = "tls"));
        [(api.host(), self.gateway)].into_iter().chain(services)
    }
}
