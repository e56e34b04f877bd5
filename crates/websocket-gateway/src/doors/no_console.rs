//! Stands for `console` where that feature is off.

use std::net::IpAddr;
use std::sync::Arc;

use http::Request;
use hyper::body::Incoming;

use crate::service::Service;
use crate::wire::answer::Answer;

pub(super) const NAME: &str = "@console";

/// There is none.
#[derive(Debug)]
pub(crate) enum Console {}

pub(super) async fn answer(
    console: &Arc<Console>,
    _: &Arc<Service>,
    _: IpAddr,
    _: &str,
    _: Request<Incoming>,
) -> Answer {
    match **console {}
}
