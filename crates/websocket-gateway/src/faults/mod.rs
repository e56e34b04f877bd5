//! Faults that a person sets at the console, to see what happens then: functions that are slow, fail or are throttled, posts and handshakes that
//! are refused, clients that do not read. Whoever does the work asks here whether it is to go wrong.
//!
//! They are gone with the process. While none is set, who asks reads one number and nothing else.

#![cfg_attr(not(any(feature = "console", test)), expect(dead_code, reason = "only the console sets faults"))]

mod fault;
#[cfg(test)]
mod tests;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::happenings::{HappeningSender, Level, What};
use crate::ids::ConnectionId;

pub(crate) use fault::{Fault, HandshakeStatus, PostStatus};

/// How many faults may be set at the same time.
pub(crate) const MOST: usize = 32;

/// The faults that are set.
#[derive(Debug)]
pub(crate) struct Faults {
    /// How many there are.
    count: AtomicUsize,
    set: Mutex<Vec<SetFault>>,
    next_id: AtomicUsize,
    /// Wakes who waits for the end of a fault.
    ended: Notify,
    happenings: HappeningSender,
}

/// A fault that is set.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct SetFault {
    id: usize,
    #[serde(flatten)]
    pub(crate) fault: Fault,
    /// Whether it ends when it has struck once.
    once: bool,
}

/// Too many faults are set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{MOST} faults are set, and no more may be: end some")]
pub(crate) struct TooMany;

/// What an invocation meets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct OfInvocation {
    pub(crate) is_throttled: bool,
    pub(crate) delay: Option<Duration>,
    pub(crate) fails: bool,
}

impl OfInvocation {
    pub(crate) fn is_any(self) -> bool {
        self != Self::default()
    }
}

impl Faults {
    pub(crate) fn new(happenings: HappeningSender) -> Arc<Self> {
        let (count, set, next_id, ended) = Default::default();
        Arc::new(Self { count, set, next_id, ended, happenings })
    }

    /// Sets a fault, in the place of one that is about the same.
    ///
    /// # Errors
    /// If too many are set.
    pub(crate) fn begin(&self, fault: Fault, once: bool) -> Result<SetFault, TooMany> {
        self.remove(|other| other.is_like(&fault));
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let new = SetFault { id, fault, once };
        let mut set = self.lock();
        if set.len() >= MOST {
            return Err(TooMany);
        }
        set.push(new.clone());
        self.count.store(set.len(), Ordering::Relaxed);
        drop(set);
        self.happenings.tell_as(true, None, Level::Warning, || What::FaultBegan {
            fault: new.text(),
            function: new.fault.function().map(str::to_owned),
            connection_id: new.fault.connection_id().map(ToString::to_string),
        });
        Ok(new)
    }

    /// Ends a fault; `None` if there is none with this id.
    pub(crate) fn end(&self, id: usize) -> Option<SetFault> {
        self.remove_set(|set| set.id == id).pop()
    }

    /// Ends all of them.
    pub(crate) fn end_all(&self) -> Vec<SetFault> {
        self.remove_set(|_| true)
    }

    /// Ends what is about a connection that has closed.
    pub(crate) fn forget(&self, connection: &ConnectionId) {
        if self.count.load(Ordering::Relaxed) > 0 {
            self.remove(|fault| fault.connection_id() == Some(connection));
        }
    }

    /// All faults, in the order in which they were set.
    pub(crate) fn all(&self) -> Vec<SetFault> {
        self.lock().clone()
    }

    /// What an invocation of a function meets. A function that is throttled meets nothing else.
    pub(crate) fn of_invocation(&self, function: &str) -> OfInvocation {
        if self.count.load(Ordering::Relaxed) == 0 {
            return OfInvocation::default();
        }
        let is_about = |fault: &Fault| fault.function() == Some(function);
        if self.strike(|fault| (is_about(fault) && matches!(fault, Fault::Throttled { .. })).then_some(())).is_some() {
            return OfInvocation { is_throttled: true, ..OfInvocation::default() };
        }
        let delay = self.strike(|fault| match fault {
            Fault::Slow { ms, .. } if is_about(fault) => Some(ms.duration()),
            _ => None,
        });
        let fails = self.strike(|fault| (is_about(fault) && matches!(fault, Fault::Failing { .. })).then_some(()));
        OfInvocation { is_throttled: false, delay, fails: fails.is_some() }
    }

    /// The end of any fault from now on.
    pub(crate) fn next_end(&self) -> Notified<'_> {
        self.ended.notified()
    }

    /// How a post to a connection is refused, if it is.
    pub(crate) fn of_post(&self, connection: &ConnectionId) -> Option<PostStatus> {
        self.strike(|fault| match fault {
            Fault::Posts { status, connection_id } if connection_id.as_ref().is_none_or(|id| id == connection) => {
                Some(*status)
            }
            _ => None,
        })
    }

    /// How a handshake is refused, if it is.
    pub(crate) fn of_handshake(&self) -> Option<HandshakeStatus> {
        self.strike(|fault| match fault {
            Fault::Handshakes { status } => Some(*status),
            _ => None,
        })
    }

    /// What the first fault says that `wanted` has something of. It ends if it was to strike once.
    fn strike<T>(&self, wanted: impl Fn(&Fault) -> Option<T>) -> Option<T> {
        if self.count.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut set = self.lock();
        let (at, found) = set.iter().enumerate().find_map(|(at, set)| Some((at, wanted(&set.fault)?)))?;
        let ended = set.get(at).is_some_and(|set| set.once).then(|| set.remove(at));
        self.count.store(set.len(), Ordering::Relaxed);
        drop(set);
        self.tell_ended(ended.as_slice());
        Some(found)
    }

    fn remove(&self, is_meant: impl Fn(&Fault) -> bool) -> Vec<SetFault> {
        self.remove_set(|set| is_meant(&set.fault))
    }

    fn remove_set(&self, is_meant: impl Fn(&SetFault) -> bool) -> Vec<SetFault> {
        let mut set = self.lock();
        let ended: Vec<_> = set.extract_if(.., |set| is_meant(set)).collect();
        self.count.store(set.len(), Ordering::Relaxed);
        drop(set);
        self.tell_ended(&ended);
        ended
    }

    fn tell_ended(&self, ended: &[SetFault]) {
        for set in ended {
            self.happenings.tell_as(true, None, Level::Info, || What::FaultEnded {
                fault: set.text(),
                function: set.fault.function().map(str::to_owned),
                connection_id: set.fault.connection_id().map(ToString::to_string),
            });
        }
        if !ended.is_empty() {
            self.ended.notify_waiters();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<SetFault>> {
        // Every change is a single one, so a panicking holder leaves nothing half-done.
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SetFault {
    /// `Hello takes 2000 ms longer`.
    pub(crate) fn text(&self) -> String {
        let once = if self.once { ", the next time only" } else { "" };
        format!("{}{once}", self.fault)
    }
}
