//! Decides which instance gets which invocation. This is state without I/O and tasks, and the caller passes the time.
//!
//! An invocation goes to the instance that became idle last, so that the others can end after a while. If no instance is idle, the invocation
//! waits, in the order of arrival, for an instance that asks. The caller starts instances, see [`Schedule::wants_instance`].

mod extensions;
#[cfg(fuzzing)]
pub(super) mod fuzzing;

use std::collections::{HashMap, VecDeque};
use std::io;
use std::path::PathBuf;
use std::process::ExitStatus;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use self::extensions::Extension;
pub(super) use self::extensions::ExtensionRefusal;
use super::error::InvokeError;
use super::instance_id::InstanceId;
use super::invocation::{Delivery, Invocation};
use super::platform_log::Memory;
use crate::api::limits::{INIT_LIMIT, LONGEST_FUNCTION_TIMEOUT};

/// How long an idle instance is kept. AWS does not publish a figure; minutes are usual there.
pub(super) const IDLE_LIMIT: Duration = Duration::from_secs(5 * 60);

/// How long an instance that has answered is expected to ask for the next invocation: a runtime asks at once. One that works on after its
/// answer is not expected any more after that, and the next invocation gets another instance, as on AWS. Tests count processes, also on machines that
/// stand still for a moment.
pub(super) const ABOUT_TO_ASK: Duration = Duration::from_millis(if cfg!(test) { 2000 } else { 50 });

/// The instances and the waiting invocations of one function.
pub(super) struct Schedule {
    timeout: Duration,
    max_instances: usize,
    instances: HashMap<InstanceId, Instance>,
    /// The idle instances. The one that became idle last is at the end.
    idle: Vec<InstanceId>,
    /// The invocations that no instance has yet. It is empty while an instance is idle.
    waiting: VecDeque<Invocation>,
    /// Whether instances end as soon as they are idle.
    retired: bool,
    /// Whether all invocations are refused.
    closed: bool,
}

struct Instance {
    phase: Phase,
    /// When it was added.
    since: Instant,
    /// How long it took until it asked for its first event. Removed when it has been reported.
    init: Option<Duration>,
    /// The request id of the invocation that it answered last, and when it fetched that. Removed when it has been reported.
    answered: Option<(String, Instant)>,
    /// The memory of its process.
    memory: Option<Arc<Memory>>,
    extensions: Vec<Extension>,
    /// The end of the time that this phase may last.
    until: Instant,
    /// Wakes the instance's parked request for the next invocation.
    wake: Arc<Notify>,
}

enum Phase {
    /// It has not asked for an event yet. It may have reported an error that keeps it from asking.
    Starting { error: Option<InvokeError> },
    /// It waits for an event.
    Idle,
    /// It has been given an invocation that it has not fetched yet.
    Assigned(Invocation),
    /// It has fetched an invocation, at this time, and has not answered it yet.
    Running(Invocation, Instant),
    /// It has answered, at this time, and has not asked for the next invocation yet. The time in between counts towards the invocation, as
    /// on AWS.
    Answered(Instant),
}

/// The result of a request for the next invocation.
pub(super) enum Next {
    Delivery(Delivery),
    /// There is no invocation yet. The caller asks again when it is notified.
    Park(Arc<Notify>),
    /// There will not be another invocation. The instance is overdue from now on.
    End,
}

/// What Lambda reports about an invocation that an instance has worked on.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) request_id: String,
    /// How long the invocation took.
    pub(super) took: Duration,
    /// How long the instance took to initialise, if this was its first invocation.
    pub(super) init: Option<Duration>,
}

/// Why an instance ends.
#[derive(Debug)]
pub(super) enum End {
    Exited(ExitStatus),
    NotStarted {
        source: io::Error,
        executable: PathBuf,
    },
    Overdue,
    /// A person has killed its process.
    KilledByHand,
    ShuttingDown,
}

/// An invocation that failed with its instance.
pub(super) struct Failure {
    invocation: Invocation,
    pub(super) error: InvokeError,
    /// Present if the function has fetched the invocation.
    pub(super) run: Option<Run>,
}

impl Failure {
    /// Answers the caller with the error.
    pub(super) fn report(self) {
        self.invocation.finish(Err(self.error));
    }
}

/// Why a request to the Runtime API is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    #[error("the instance has been ended: its invocation timed out, or it is not needed any more")]
    UnknownInstance,
    #[error("the Runtime API does not know this method and path")]
    UnknownCall,
    #[error(
        "the instance is not in a state that allows this request: it has an invocation to answer, or it is already initialised"
    )]
    InvalidStateTransition,
    #[error("the instance is not working on this invocation: it has answered already, or the invocation timed out")]
    InvalidRequestId,
    #[error("the request's body ended too early")]
    BrokenBody,
    #[error("{0}")]
    Extension(ExtensionRefusal),
}

impl Schedule {
    /// `timeout` is the function's `Timeout`. At most `max_instances` exist at the same time.
    pub(super) fn new(timeout: Duration, max_instances: usize) -> Self {
        Self {
            // Never zero, so that instances are not checked in a busy loop.
            timeout: timeout.clamp(Duration::from_millis(1), LONGEST_FUNCTION_TIMEOUT),
            max_instances,
            instances: HashMap::new(),
            idle: Vec::new(),
            waiting: VecDeque::new(),
            retired: false,
            closed: false,
        }
    }

    /// Accepts an invocation, and assigns it to an idle instance if there is one. After [`Schedule::close`] it fails immediately.
    pub(super) fn invoke(&mut self, invocation: Invocation, now: Instant) {
        if self.closed {
            return invocation.finish(Err(InvokeError::ShuttingDown));
        }
        if let Some(invocation) = self.assign(invocation, now) {
            self.waiting.push_back(invocation);
        }
    }

    /// Gives an invocation to an idle instance. Returns it if no instance is idle.
    fn assign(&mut self, invocation: Invocation, now: Instant) -> Option<Invocation> {
        let Some(instance) = self.idle.pop().and_then(|id| self.instances.get_mut(&id)) else {
            return Some(invocation);
        };
        instance.enter(Phase::Assigned(invocation), now + self.timeout);
        instance.wake.notify_one();
        None
    }

    /// Whether more invocations wait than instances are expected to ask soon, and another instance is allowed.
    pub(super) fn wants_instance(&self, now: Instant) -> bool {
        !self.closed && self.instances.len() < self.max_instances && self.waiting.len() > self.coming(now)
    }

    /// When another instance may be wanted, though nothing happens until then: an instance that has answered may not ask again soon.
    pub(super) fn may_want_instance_at(&self, now: Instant) -> Option<Instant> {
        if self.closed || self.waiting.is_empty() || self.instances.len() >= self.max_instances {
            return None;
        }
        self.instances.values().filter_map(|instance| instance.about_to_ask(now)).min()
    }

    /// Removes the waiting invocations whose callers have given up. On AWS they would have had an instance at once; here each would take
    /// the time of one that somebody still waits for.
    pub(super) fn forget_abandoned(&mut self) {
        self.waiting.retain(|invocation| !invocation.is_abandoned());
    }

    /// Adds an instance. The caller starts its process next.
    pub(super) fn add(&mut self, id: InstanceId, now: Instant) {
        let phase = Phase::Starting { error: None };
        let (until, wake) = (now + INIT_LIMIT, Arc::default());
        let (init, answered, memory, extensions) = Default::default();
        self.instances.insert(id, Instance { phase, since: now, init, answered, memory, extensions, until, wake });
    }

    /// Remembers the process of an instance.
    pub(super) fn started(&mut self, id: InstanceId, memory: Option<Memory>) {
        if let Some(instance) = self.instances.get_mut(&id) {
            instance.memory = memory.map(Arc::new);
        }
    }

    /// The invocation that an instance has answered, and the memory of its process. It is returned once, when the instance asks for the next
    /// invocation.
    pub(super) fn ran(&mut self, id: InstanceId, now: Instant) -> Option<(Run, Option<Arc<Memory>>)> {
        let instance = self.instances.get_mut(&id)?;
        let (request_id, since) = instance.answered.take()?;
        let run = Run { request_id, took: now.saturating_duration_since(since), init: instance.init.take() };
        Some((run, instance.memory.clone()))
    }

    /// An instance asks for its next invocation. An invocation counts as fetched when it is returned here.
    pub(super) fn next(&mut self, id: InstanceId, now: Instant) -> Result<Next, Refusal> {
        let instance = self.instances.get_mut(&id).ok_or(Refusal::UnknownInstance)?;
        let invocation = match std::mem::replace(&mut instance.phase, Phase::Idle) {
            running @ Phase::Running(..) => {
                instance.phase = running;
                return Err(Refusal::InvalidStateTransition);
            }
            Phase::Idle => return Ok(Next::Park(Arc::clone(&instance.wake))),
            Phase::Assigned(invocation) => Some(invocation),
            Phase::Starting { .. } => {
                instance.init = Some(now.saturating_duration_since(instance.since));
                self.waiting.pop_front()
            }
            Phase::Answered(_) => self.waiting.pop_front(),
        };
        match invocation {
            Some(invocation) => {
                let delivery = invocation.delivery.clone();
                instance.enter(Phase::Running(invocation, now), now + self.timeout);
                Ok(Next::Delivery(delivery))
            }
            None if self.retired => {
                instance.enter(Phase::Idle, now);
                Ok(Next::End)
            }
            None => {
                instance.enter(Phase::Idle, now + IDLE_LIMIT);
                self.idle.push(id);
                Ok(Next::Park(Arc::clone(&instance.wake)))
            }
        }
    }

    /// An instance answers. Returns the invocation if it is the one that the instance works on. `invocation_id` is `None` if the runtime does
    /// not know about invocation ids.
    pub(super) fn answer(
        &mut self,
        id: InstanceId,
        request_id: &str,
        invocation_id: Option<&str>,
        now: Instant,
    ) -> Result<Invocation, Refusal> {
        let instance = self.instances.get_mut(&id).ok_or(Refusal::UnknownInstance)?;
        match std::mem::replace(&mut instance.phase, Phase::Idle) {
            Phase::Running(invocation, since)
                if invocation.delivery.request_id == request_id
                    && invocation_id.is_none_or(|id| invocation.delivery.invocation_id == id) =>
            {
                instance.phase = Phase::Answered(now);
                instance.answered = Some((request_id.to_owned(), since));
                Ok(invocation)
            }
            other => {
                instance.phase = other;
                Err(Refusal::InvalidRequestId)
            }
        }
    }

    /// An instance could not initialise. An invocation fails with this error when the instance's process ends.
    pub(super) fn init_failed(&mut self, id: InstanceId, why: InvokeError) -> Result<(), Refusal> {
        match &mut self.instances.get_mut(&id).ok_or(Refusal::UnknownInstance)?.phase {
            Phase::Starting { error } => {
                *error = Some(why);
                Ok(())
            }
            _ => Err(Refusal::InvalidStateTransition),
        }
    }

    /// When to check an instance again, or `None` if its phase has lasted too long.
    pub(super) fn check(&self, id: InstanceId, now: Instant) -> Option<Instant> {
        let until = self.instances.get(&id)?.until;
        // The caller is not notified when the phase changes. An invocation that is assigned from now on can't be overdue before
        // `now + timeout`, so a check at that time is early enough.
        (now < until).then(|| until.min(now + self.timeout))
    }

    /// Forgets an instance. Returns the invocation that fails with it, if there is one.
    pub(super) fn end(&mut self, id: InstanceId, end: End, now: Instant) -> Option<Failure> {
        let instance = self.instances.remove(&id)?;
        self.idle.retain(|idle| *idle != id);
        match instance.phase {
            Phase::Idle | Phase::Answered(_) => None,
            Phase::Starting { error } => {
                // Another instance may already have fetched the invocation that this one was started for, or may soon fetch it.
                let invocation = (self.waiting.len() > self.coming(now)).then(|| self.waiting.pop_front()).flatten()?;
                let error = error.unwrap_or_else(|| end.into_error(INIT_LIMIT, true));
                Some(Failure { invocation, error, run: None })
            }
            // The function has not seen it, so a second try can't do anything twice.
            Phase::Assigned(mut invocation) if !invocation.retried && !self.closed => {
                invocation.retried = true;
                if let Some(invocation) = self.assign(invocation, now) {
                    self.waiting.push_front(invocation);
                }
                None
            }
            Phase::Assigned(invocation) => {
                Some(Failure { invocation, error: end.into_error(self.timeout, false), run: None })
            }
            Phase::Running(invocation, since) => {
                let request_id = invocation.delivery.request_id.clone();
                let run = Run { request_id, took: now.saturating_duration_since(since), init: instance.init };
                Some(Failure { invocation, error: end.into_error(self.timeout, false), run: Some(run) })
            }
        }
    }

    /// How many instances there are.
    #[cfg(feature = "console")]
    pub(super) fn instances(&self) -> usize {
        self.instances.len()
    }

    /// Makes idle instances overdue from now on. Invocations are still accepted.
    pub(super) fn retire(&mut self, now: Instant) {
        self.retired = true;
        for id in self.idle.drain(..) {
            if let Some(instance) = self.instances.get_mut(&id) {
                instance.until = now;
            }
        }
    }

    /// Fails the waiting invocations, and all later ones.
    pub(super) fn close(&mut self) {
        self.closed = true;
        for invocation in self.waiting.drain(..) {
            invocation.finish(Err(InvokeError::ShuttingDown));
        }
    }

    /// How many instances are expected to ask for an invocation soon.
    fn coming(&self, now: Instant) -> usize {
        let soon = |instance: &&Instance| {
            matches!(instance.phase, Phase::Starting { .. }) || instance.about_to_ask(now).is_some()
        };
        self.instances.values().filter(soon).count()
    }
}

impl Instance {
    /// Until when an instance that has answered is expected to ask for the next invocation.
    fn about_to_ask(&self, now: Instant) -> Option<Instant> {
        match self.phase {
            Phase::Answered(at) => Some(at + ABOUT_TO_ASK).filter(|until| now < *until),
            _ => None,
        }
    }

    fn enter(&mut self, phase: Phase, until: Instant) {
        self.phase = phase;
        self.until = until;
    }
}

impl End {
    fn into_error(self, after: Duration, during_init: bool) -> InvokeError {
        match self {
            Self::Exited(status) => InvokeError::Exited { status, during_init },
            Self::NotStarted { source, executable } => InvokeError::NotStarted { source, executable },
            Self::KilledByHand => InvokeError::KilledByHand,
            Self::Overdue => InvokeError::TimedOut { after, during_init },
            Self::ShuttingDown => InvokeError::ShuttingDown,
        }
    }
}

#[cfg(test)]
mod tests;
