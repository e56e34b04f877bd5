//! Stands for `trust` where the feature `tls` is off.

use std::net::SocketAddr;

use super::{Options, StartError};
use crate::guard::AllowedHosts;
use crate::wire::tls::Tls;

/// There is none.
#[derive(Debug)]
pub(super) enum Trust {}

impl Trust {
    pub(super) fn tls(&self) -> Tls {
        match *self {}
    }

    pub(super) fn environment(&self) -> impl Iterator<Item = (String, String)> {
        std::iter::empty()
    }
}

pub(super) fn start(_: SocketAddr, _: &AllowedHosts, _: &Options) -> Result<Option<Trust>, StartError> {
    Ok(None)
}

pub(super) fn of_running(_: SocketAddr) -> Option<impl Iterator<Item = (String, String)>> {
    None::<std::iter::Empty<_>>
}
