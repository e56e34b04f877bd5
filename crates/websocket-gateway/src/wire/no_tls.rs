//! Stands for `tls` where that feature is off.

/// There is none.
#[derive(Clone, Debug)]
pub(crate) enum Tls {}
