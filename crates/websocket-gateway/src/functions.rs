//! Whoever runs the functions.

use std::sync::Arc;

use bytes::Bytes;

use crate::api::Api;
use crate::lambda::{Endpoint, InvokeError, Lambda};

/// Where the API's functions are invoked.
#[derive(Debug)]
pub(crate) enum Functions {
    /// As processes of the gateway.
    Here(Lambda),
    /// By somebody else.
    Elsewhere(Arc<Endpoint>),
}

impl Functions {
    /// Invokes the function with this logical id.
    pub(crate) async fn invoke(&self, api: &Api, function: &str, event: Bytes) -> Result<Bytes, InvokeError> {
        match self {
            Self::Here(lambda) => lambda.invoke(function, event).await,
            Self::Elsewhere(endpoint) => match api.functions.get(function) {
                Some(function) => endpoint.invoke(function, event).await,
                None => Err(InvokeError::UnknownFunction { function: function.to_owned() }),
            },
        }
    }

    /// The functions that the gateway would start anew for `self` in place of `before`, by their logical ids.
    pub(crate) fn differing_from(&self, before: &Self) -> Vec<String> {
        match (self, before) {
            (Self::Here(lambda), Self::Here(before)) => {
                lambda.differing_from(before).into_iter().map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether the gateway builds and starts them.
    pub(crate) fn are_here(&self) -> bool {
        matches!(self, Self::Here(_))
    }

    /// Ends what `successor` has no use for, when it is done.
    pub(crate) fn retire(&self, successor: &Self) {
        if let (Self::Here(lambda), Self::Here(successor)) = (self, successor) {
            lambda.retire(successor);
        }
    }

    /// Ends what the gateway has started, and waits for it.
    pub(crate) async fn shutdown(&self) {
        if let Self::Here(lambda) = self {
            lambda.shutdown().await;
        }
    }

    /// Ends what the gateway has started, at once.
    pub(crate) fn kill(&self) {
        if let Self::Here(lambda) = self {
            lambda.kill();
        }
    }
}
