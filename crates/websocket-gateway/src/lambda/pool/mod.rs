//! The instances of one function: its [`Schedule`] behind a lock, and a task for every instance.

mod life;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::HeaderValue;
use tokio::sync::{Notify, oneshot};

use super::concurrency::{Concurrency, InProgress};
use super::error::InvokeError;
use super::host::Host;
use super::instance_id::InstanceId;
use super::invocation::{Answer, Delivery, Invocation};
use super::schedule::{End, Failure, Next, Refusal, Schedule};
use super::{Program, fault, platform_log};
use crate::api::Function;
use crate::faults::OfInvocation;

/// How many instances of a function may exist at the same time for each CPU. Further invocations wait in the order of their arrival.
///
/// AWS allows 1000 in an account. Here the instances share one machine with everything else on it, and functions mostly wait for I/O: a few
/// instances keep a CPU busy, and more would only cost memory.
const INSTANCES_PER_CPU: usize = 10;

pub(crate) struct Pool {
    program: Program,
    /// The function's ARN, for the headers of an invocation.
    arn: HeaderValue,
    /// The gateway's own environment for the function.
    own: Arc<BTreeMap<String, String>>,
    host: Arc<Host>,
    concurrency: Concurrency,
    /// Never locked across an await.
    schedule: Mutex<Schedule>,
    /// Notifies the tasks of the instances that an instance may be overdue sooner than [`Pool::check`] has said.
    sooner: Notify,
    /// Tells the tasks of the instances to kill their processes.
    killed: Notify,
    /// Whether a task waits until another instance may be wanted.
    is_waiting: AtomicBool,
}

impl Pool {
    /// `before` is the pool that had the same function before a reload.
    pub(super) fn new(
        program: Program,
        own: Arc<BTreeMap<String, String>>,
        host: Arc<Host>,
        before: Option<&Self>,
    ) -> Arc<Self> {
        let cpus = thread::available_parallelism().map_or(1, usize::from);
        let concurrency = concurrency(&program.function, &host, before.map(|before| &before.concurrency));
        let schedule = Mutex::new(Schedule::new(program.function.timeout, cpus * INSTANCES_PER_CPU));
        // Lambda does not accept a name that is not valid in a header.
        let arn = HeaderValue::try_from(&program.function.arn).unwrap_or(HeaderValue::from_static(""));
        let (sooner, killed, is_waiting) = Default::default();
        Arc::new(Self { program, arn, own, host, concurrency, schedule, sooner, killed, is_waiting })
    }

    /// The function's `Timeout`.
    pub(super) fn timeout(&self) -> Duration {
        self.program.function.timeout
    }

    /// The function's name.
    pub(super) fn name(&self) -> &str {
        &self.program.function.name
    }

    /// The function's handler.
    pub(super) fn handler(&self) -> &str {
        self.program.handler()
    }

    /// The function's ARN.
    pub(super) fn arn(&self) -> HeaderValue {
        self.arn.clone()
    }

    /// Whether the instances of one pool can serve the other. The function's place in the template does not matter.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let place = &other.program.function.defined_at;
        let function = Function { defined_at: place.clone(), ..self.program.function.clone() };
        function == other.program.function
            && (&self.program.executable, self.program.version) == (&other.program.executable, other.program.version)
            && self.program.variables == other.program.variables
            && self.own == other.own
    }

    /// Invokes the function and waits for its answer. If the future is dropped, an invocation that an instance has fetched runs to its end;
    /// one that still waits is forgotten.
    pub(super) async fn invoke(self: &Arc<Self>, event: Bytes, fault: OfInvocation) -> Answer {
        self.invoke_counted(event, fault, self.concurrency.begin()?).await
    }

    /// The same, but waits instead of being throttled.
    pub(super) async fn invoke_when_allowed(self: &Arc<Self>, event: Bytes, fault: OfInvocation) -> Answer {
        self.invoke_counted(event, fault, self.concurrency.begin_when_allowed().await).await
    }

    async fn invoke_counted(self: &Arc<Self>, event: Bytes, fault: OfInvocation, in_progress: InProgress) -> Answer {
        fault::meet(fault, self.timeout()).await?;
        let (invocation, answer) = Invocation::new(event, in_progress);
        let mut caller = Caller { pool: self, answer, has_answer: false };
        {
            let mut schedule = self.lock();
            schedule.invoke(invocation, Instant::now());
            self.start_wanted(&mut schedule);
        }
        let answer = (&mut caller.answer).await;
        caller.has_answer = true;
        // A reply is dropped without an answer only when the whole program ends.
        answer.unwrap_or(Err(InvokeError::ShuttingDown))
    }

    /// Waits until there is an invocation for the instance.
    pub(super) async fn next(&self, id: InstanceId) -> Result<Delivery, Refusal> {
        let ran = self.lock().ran(id, Instant::now());
        if let Some((run, memory)) = ran {
            platform_log::end(&self.host.happenings, &self.program.function, &run, memory.as_deref());
        }
        loop {
            let next = self.lock().next(id, Instant::now())?;
            match next {
                Next::Delivery(delivery) => {
                    platform_log::start(&self.host.happenings, &self.program.function, &delivery.request_id);
                    return Ok(delivery);
                }
                Next::Park(woken) => woken.notified().await,
                Next::End => {
                    self.sooner.notify_waiters();
                    // Waits until the process is ended.
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    /// Ends the invocation that the instance works on.
    pub(super) fn answer(
        &self,
        id: InstanceId,
        request_id: &str,
        invocation_id: Option<&str>,
        answer: Answer,
    ) -> Result<(), Refusal> {
        let invocation = self.lock().answer(id, request_id, invocation_id, Instant::now())?;
        invocation.finish(answer);
        Ok(())
    }

    /// Remembers why the instance could not initialise, until its process has ended.
    pub(super) fn init_failed(&self, id: InstanceId, why: InvokeError) -> Result<(), Refusal> {
        self.lock().init_failed(id, why)
    }

    /// Registers an extension in the instance's process, and returns the identifier of its further requests.
    pub(super) fn register_extension(&self, id: InstanceId, name: &str) -> Result<String, Refusal> {
        self.lock().register(id, name)
    }

    /// Checks that the instance has an extension with this identifier.
    pub(super) fn check_extension(&self, id: InstanceId, identifier: &str) -> Result<(), Refusal> {
        self.lock().check_extension(id, identifier)
    }

    /// When to check the instance again, or `None` if it has taken too long.
    fn check(&self, id: InstanceId) -> Option<Instant> {
        self.lock().check(id, Instant::now())
    }

    /// Forgets an instance, and starts others for the invocations that still wait. The caller must report the failure.
    fn end(self: &Arc<Self>, id: InstanceId, end: End) -> Option<Failure> {
        let mut schedule = self.lock();
        let failure = schedule.end(id, end, Instant::now());
        self.start_wanted(&mut schedule);
        failure
    }

    /// Ends every instance as soon as it is idle. Further invocations are still answered.
    pub(super) fn retire(&self) {
        self.lock().retire(Instant::now());
        self.sooner.notify_waiters();
    }

    /// How many instances there are.
    #[cfg(feature = "console")]
    pub(super) fn instances(&self) -> usize {
        self.lock().instances()
    }

    /// Kills the processes of all instances.
    #[cfg(feature = "console")]
    pub(super) fn kill(&self) {
        self.killed.notify_waiters();
    }

    /// Refuses further invocations, and starts no more instances.
    pub(super) fn close(&self) {
        self.lock().close();
    }

    /// Starts instances while the schedule needs more. The tasks are spawned under the lock, so that none is spawned after [`Pool::close`].
    fn start_wanted(self: &Arc<Self>, schedule: &mut Schedule) {
        let now = Instant::now();
        while schedule.wants_instance(now) {
            let id = InstanceId::next();
            schedule.add(id, now);
            self.host.instances.spawn(Arc::clone(self).run(id));
        }
        if let Some(at) = schedule.may_want_instance_at(now)
            && !self.is_waiting.swap(true, Ordering::Relaxed)
        {
            self.host.instances.spawn(Arc::clone(self).start_wanted_at(at));
        }
    }

    async fn start_wanted_at(self: Arc<Self>, at: Instant) {
        tokio::time::sleep_until(at.into()).await;
        let mut schedule = self.lock();
        self.is_waiting.store(false, Ordering::Relaxed);
        self.start_wanted(&mut schedule);
    }

    fn lock(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who waits for an answer.
struct Caller<'p> {
    pool: &'p Pool,
    answer: oneshot::Receiver<Answer>,
    has_answer: bool,
}

impl Drop for Caller<'_> {
    fn drop(&mut self) {
        if !self.has_answer {
            self.answer.close();
            self.pool.lock().forget_abandoned();
        }
    }
}

/// Instances of before and after a reload share what is reserved.
fn concurrency(function: &Function, host: &Host, before: Option<&Concurrency>) -> Concurrency {
    match (function.reserved_concurrency, before.filter(|before| before.is_reserved())) {
        (Some(limit), Some(before)) => before.with_limit(limit as usize),
        (Some(limit), None) => Concurrency::reserved(limit as usize),
        (None, _) => host.concurrency.clone(),
    }
}

/// Shows the function only: the rest is shared state behind a lock.
impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("function", &self.program.function.logical_id).finish_non_exhaustive()
    }
}
