//! The functions that a deployment can invoke.

use std::collections::HashMap;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;

use super::pool::Pool;
use super::{ByHand, InvokeError, Processes, RemoteLambda};
use crate::api::Function;
use crate::faults::Faults;

/// The functions of an API, by their logical ids.
#[derive(Debug)]
pub(crate) struct Functions {
    by_id: HashMap<String, Callable>,
    /// The functions that the gateway itself runs; `None` if all functions run elsewhere.
    processes: Option<Processes>,
    faults: Arc<Faults>,
}

/// One function, wherever it runs.
#[derive(Clone, Debug)]
pub(crate) struct Callable {
    logical_id: Arc<str>,
    runs: Runs,
    faults: Arc<Faults>,
}

/// Where a function runs.
#[derive(Clone, Debug)]
enum Runs {
    /// It runs as processes of the gateway.
    Local(Arc<Pool>),
    /// It runs behind another server of Lambda's Invoke API.
    Remote(Arc<RemoteLambda>, Arc<Function>),
    /// The gateway can't start it, for this reason.
    NotHere(Arc<str>),
}

impl Callable {
    /// Invokes the function and waits for its answer, which is JSON. AWS calls this invocation type `RequestResponse`. `by_hand` is told of faults.
    ///
    /// If the future is dropped, an invocation that has begun continues to its end or its time-out, as on AWS, and only the answer is lost.
    /// One that still waits for an instance is forgotten, as is one that a fault still delays.
    pub(crate) async fn invoke(&self, event: Bytes, by_hand: &ByHand) -> Result<Bytes, InvokeError> {
        let fault = self.faults.of_invocation(&self.logical_id);
        by_hand.note(fault);
        if fault.is_throttled {
            return Err(InvokeError::ThrottledByHand);
        }
        let answer = match &self.runs {
            Runs::Local(pool) => pool.invoke(event, fault).await,
            Runs::Remote(lambda, function) => lambda.invoke(function, event, fault).await,
            Runs::NotHere(why) => Err(InvokeError::NotHere { why: why.to_string() }),
        };
        by_hand.of(answer)
    }

    /// The same for an invocation whose answer nobody waits for: instead of being throttled it waits.
    pub(crate) async fn invoke_when_allowed(&self, event: Bytes, by_hand: &ByHand) -> Result<Bytes, InvokeError> {
        let fault = loop {
            // Created before the question, so that an end between the two is not missed.
            let mut ended = pin!(self.faults.next_end());
            ended.as_mut().enable();
            let fault = self.faults.of_invocation(&self.logical_id);
            by_hand.note(fault);
            if !fault.is_throttled {
                break fault;
            }
            ended.await;
        };
        let answer = match &self.runs {
            Runs::Local(pool) => pool.invoke_when_allowed(event, fault).await,
            Runs::Remote(lambda, function) => lambda.invoke_when_allowed(function, event, fault).await,
            Runs::NotHere(why) => Err(InvokeError::NotHere { why: why.to_string() }),
        };
        by_hand.of(answer)
    }

    /// Whether it can be invoked at all.
    pub(crate) fn is_somewhere(&self) -> bool {
        !matches!(self.runs, Runs::NotHere(_))
    }

    /// How many processes it has now; `None` if the gateway does not run it.
    #[cfg(feature = "console")]
    pub(crate) fn processes(&self) -> Option<usize> {
        match &self.runs {
            Runs::Local(pool) => Some(pool.instances()),
            Runs::Remote(..) | Runs::NotHere(_) => None,
        }
    }

    /// Kills its processes, as a crash does: invocations that are running fail, and the next ones start others.
    #[cfg(feature = "console")]
    pub(crate) fn kill_processes(&self) {
        if let Runs::Local(pool) = &self.runs {
            pool.kill();
        }
    }
}

impl Functions {
    /// Functions that run as processes of the gateway, and those that it can't start: their logical ids, each with the reason.
    pub(crate) fn local(
        processes: Processes,
        not_here: impl IntoIterator<Item = (String, String)>,
        faults: &Arc<Faults>,
    ) -> Self {
        let pools = processes.pools().map(|(id, pool)| (id.clone(), Runs::Local(Arc::clone(pool))));
        let not_here = not_here.into_iter().map(|(id, why)| (id, Runs::NotHere(why.into())));
        Self::new(pools.chain(not_here).collect::<Vec<_>>(), Some(processes), faults)
    }

    /// Functions that run elsewhere.
    pub(crate) fn remote<'f>(
        lambda: &Arc<RemoteLambda>,
        functions: impl IntoIterator<Item = &'f Function>,
        faults: &Arc<Faults>,
    ) -> Self {
        let remote = |function: &Function| Runs::Remote(Arc::clone(lambda), Arc::new(function.clone()));
        let all = functions.into_iter().map(|function| (function.logical_id.clone(), remote(function)));
        Self::new(all, None, faults)
    }

    fn new(
        functions: impl IntoIterator<Item = (String, Runs)>,
        processes: Option<Processes>,
        faults: &Arc<Faults>,
    ) -> Self {
        let by_id = functions.into_iter().map(|(id, runs)| {
            let callable = Callable { logical_id: id.as_str().into(), runs, faults: Arc::clone(faults) };
            (id, callable)
        });
        Self { by_id: by_id.collect(), processes, faults: Arc::clone(faults) }
    }

    /// The function with this logical id.
    pub(crate) fn get(&self, logical_id: &str) -> Result<&Callable, InvokeError> {
        self.by_id.get(logical_id).ok_or_else(|| InvokeError::UnknownFunction { function: logical_id.to_owned() })
    }

    /// The function with this logical id, or one that fails with the reason: the template's reader finds every function that a route names.
    pub(crate) fn get_or_absent(&self, logical_id: &str) -> Callable {
        self.get(logical_id).cloned().unwrap_or_else(|error| Callable {
            logical_id: logical_id.into(),
            runs: Runs::NotHere(error.to_string().into()),
            faults: Arc::clone(&self.faults),
        })
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
