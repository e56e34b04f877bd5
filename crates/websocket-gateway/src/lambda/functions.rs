//! The functions that a deployment can invoke.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;

use super::pool::Pool;
use super::{InvokeError, Processes, RemoteLambda};
use crate::api::Function;

/// The functions of an API, by their logical ids.
#[derive(Debug)]
pub(crate) struct Functions {
    by_id: HashMap<String, Callable>,
    /// The functions that the gateway itself runs; `None` if all functions run elsewhere.
    processes: Option<Processes>,
}

/// One function, wherever it runs.
#[derive(Clone, Debug)]
pub(crate) enum Callable {
    /// It runs as processes of the gateway.
    Local(Arc<Pool>),
    /// It runs behind another server of Lambda's Invoke API.
    Remote(Arc<RemoteLambda>, Arc<Function>),
    /// The gateway can't start it, for this reason.
    NotHere(Arc<str>),
}

impl Callable {
    /// Invokes the function and waits for its answer, which is JSON. AWS calls this invocation type `RequestResponse`.
    ///
    /// If the future is dropped, an invocation that has begun continues to its end or its time-out, as on AWS, and only the answer is lost.
    /// One that still waits for an instance is forgotten.
    pub(crate) async fn invoke(&self, event: Bytes) -> Result<Bytes, InvokeError> {
        match self {
            Self::Local(pool) => pool.invoke(event).await,
            Self::Remote(lambda, function) => lambda.invoke(function, event).await,
            Self::NotHere(why) => Err(InvokeError::NotHere { why: why.to_string() }),
        }
    }

    /// The same for an invocation whose answer nobody waits for: instead of being throttled it waits.
    pub(crate) async fn invoke_when_allowed(&self, event: Bytes) -> Result<Bytes, InvokeError> {
        match self {
            Self::Local(pool) => pool.invoke_when_allowed(event).await,
            Self::Remote(lambda, function) => lambda.invoke_when_allowed(function, event).await,
            Self::NotHere(_) => self.invoke(event).await,
        }
    }
}

impl Functions {
    /// Functions that run as processes of the gateway, and those that it can't start: their logical ids, each with the reason.
    pub(crate) fn local(processes: Processes, not_here: impl IntoIterator<Item = (String, String)>) -> Self {
        let pools = processes.pools().map(|(id, pool)| (id.clone(), Callable::Local(Arc::clone(pool))));
        let mut by_id: HashMap<_, _> = pools.collect();
        by_id.extend(not_here.into_iter().map(|(id, why)| (id, Callable::NotHere(why.into()))));
        Self { by_id, processes: Some(processes) }
    }

    /// Functions that run elsewhere.
    pub(crate) fn remote<'f>(lambda: &Arc<RemoteLambda>, functions: impl IntoIterator<Item = &'f Function>) -> Self {
        let remote = |function: &Function| Callable::Remote(Arc::clone(lambda), Arc::new(function.clone()));
        let by_id = functions.into_iter().map(|function| (function.logical_id.clone(), remote(function)));
        Self { by_id: by_id.collect(), processes: None }
    }

    /// The function with this logical id.
    pub(crate) fn get(&self, logical_id: &str) -> Result<&Callable, InvokeError> {
        self.by_id.get(logical_id).ok_or_else(|| InvokeError::UnknownFunction { function: logical_id.to_owned() })
    }

    /// The function with this logical id, or one that fails with the reason: the template's reader finds every function that a route names.
    pub(crate) fn get_or_absent(&self, logical_id: &str) -> Callable {
        self.get(logical_id).cloned().unwrap_or_else(|error| Callable::NotHere(error.to_string().into()))
    }

    /// The functions that the gateway itself runs.
    pub(crate) fn processes(&self) -> Option<&Processes> {
        self.processes.as_ref()
    }

    /// The logical ids of the functions that get new instances when `self` replaces `before`.
    pub(crate) fn differing_from(&self, before: &Self) -> Vec<String> {
        match (&self.processes, &before.processes) {
            (Some(processes), Some(before)) => {
                processes.differing_from(before).into_iter().map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Ends the processes that `successor` does not use, each as soon as it is idle.
    pub(crate) fn retire(&self, successor: &Self) {
        if let (Some(processes), Some(successor)) = (&self.processes, &successor.processes) {
            processes.retire(successor);
        }
    }

    /// Ends every process, and waits for their ends.
    pub(crate) async fn shutdown(&self) {
        if let Some(processes) = &self.processes {
            processes.shutdown().await;
        }
    }

    /// Ends every process without waiting for its end.
    pub(crate) fn kill(&self) {
        if let Some(processes) = &self.processes {
            processes.kill();
        }
    }
}
