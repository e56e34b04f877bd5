//! The instances of one function: its [`Schedule`] behind a lock, and a task for every process.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use http::HeaderValue;
use tokio::sync::futures::Notified;
use tokio::sync::{Notify, oneshot};

use super::error::InvokeError;
use super::host::Host;
use super::instance_id::InstanceId;
use super::invocation::{Answer, Delivery, Invocation};
use super::schedule::{End, Failure, Next, Refusal, Schedule};
use super::{Program, instance, platform_log};
use crate::api::Function;

/// How many instances of a function may exist at the same time, for each CPU; further invocations wait in the order of arrival.
///
/// AWS allows 1000 in an account. Here they share one machine with everything else on it, and functions mostly wait for I/O: a few
/// for each CPU keep it busy, more would only cost memory.
const INSTANCES_PER_CPU: usize = 10;

pub(crate) struct Pool {
    pub(super) program: Program,
    /// The function's ARN, as its instances are told.
    pub(super) arn: HeaderValue,
    /// When the executable was built.
    built: Option<SystemTime>,
    /// The gateway's own environment for the function.
    pub(super) own: Arc<BTreeMap<String, String>>,
    pub(super) host: Arc<Host>,
    /// Never held across an await.
    schedule: Mutex<Schedule>,
    /// Wakes who waits for an instance to have taken too long: now it may.
    sooner: Notify,
}

impl Pool {
    pub(super) fn new(program: Program, own: Arc<BTreeMap<String, String>>, host: Arc<Host>) -> Arc<Self> {
        let cpus = thread::available_parallelism().map_or(1, usize::from);
        let concurrency = program.function.reserved_concurrency.map(|most| most as usize);
        let schedule = Mutex::new(Schedule::new(program.function.timeout, cpus * INSTANCES_PER_CPU, concurrency));
        let built = std::fs::metadata(&program.executable).and_then(|file| file.modified()).ok();
        // A name that a header can't hold is not a name that Lambda takes.
        let arn = HeaderValue::try_from(&program.function.arn).unwrap_or(HeaderValue::from_static(""));
        Arc::new(Self { program, arn, built, own, host, schedule, sooner: Notify::new() })
    }

    /// Whether the instances of one are as good as those of the other. Where the template defines the function does not matter.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        let place = &other.program.function.defined_at;
        let function = Function { defined_at: place.clone(), ..self.program.function.clone() };
        function == other.program.function
            && (&self.program.executable, self.built, &self.own) == (&other.program.executable, other.built, &other.own)
    }

    /// Takes an invocation in. It runs to its end even if the receiver is dropped.
    pub(super) fn invoke(self: &Arc<Self>, event: Bytes) -> oneshot::Receiver<Answer> {
        let (invocation, answer) = Invocation::new(event);
        let mut schedule = self.lock();
        schedule.invoke(invocation, Instant::now());
        self.start_wanted(&mut schedule);
        answer
    }

    /// Waits until there is something for the instance to do.
    pub(super) async fn next(&self, id: InstanceId) -> Result<Delivery, Refusal> {
        let ran = self.lock().ran(id, Instant::now());
        if let Some((run, pid)) = ran {
            platform_log::end(&self.host.happenings, &self.program.function, &run, pid);
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
                    // Until its process is ended.
                    std::future::pending::<()>().await;
                }
            }
        }
    }

    /// The instance's process has started.
    pub(super) fn started(&self, id: InstanceId, pid: Option<u32>) {
        self.lock().started(id, pid);
    }

    /// Ends the invocation that the instance works on.
    pub(super) fn answer(
        &self,
        id: InstanceId,
        request_id: &str,
        invocation_id: Option<&str>,
        answer: Answer,
    ) -> Result<(), Refusal> {
        let invocation = self.lock().answer(id, request_id, invocation_id)?;
        invocation.finish(answer);
        Ok(())
    }

    /// Keeps why the instance could not initialise until its process has ended.
    pub(super) fn init_failed(&self, id: InstanceId, why: InvokeError) -> Result<(), Refusal> {
        self.lock().init_failed(id, why)
    }

    /// When to look at the instance again, or `None` if it has taken too long.
    pub(super) fn check(&self, id: InstanceId) -> Option<Instant> {
        self.lock().check(id, Instant::now())
    }

    /// Comes when [`Pool::check`] may say something sooner than it said.
    pub(super) fn sooner(&self) -> Notified<'_> {
        self.sooner.notified()
    }

    /// Forgets an instance, and starts others for what still waits. The failure is the caller's to report.
    pub(super) fn end(self: &Arc<Self>, id: InstanceId, end: End) -> Option<Failure> {
        self.host.remove(id);
        let mut schedule = self.lock();
        let failure = schedule.end(id, end, Instant::now());
        self.start_wanted(&mut schedule);
        failure
    }

    /// Ends every instance when it has no more to do. Who still invokes the function gets an answer.
    pub(super) fn retire(&self) {
        self.lock().retire(Instant::now());
        self.sooner.notify_waiters();
    }

    /// Refuses invocations from now on, and starts no more instances.
    pub(super) fn close(&self) {
        self.lock().close();
    }

    /// The tasks are spawned under the lock: after [`Pool::close`] there is no further one.
    fn start_wanted(self: &Arc<Self>, schedule: &mut Schedule) {
        while schedule.wants_instance() {
            let id = InstanceId::random();
            schedule.add(id, Instant::now());
            self.host.add(id, Arc::clone(self));
            self.host.instances.spawn(instance::run(Arc::clone(self), id));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Schedule> {
        self.schedule.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A pool is shared state behind a lock: its function's name says which one it is.
impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("function", &self.program.function.logical_id).finish_non_exhaustive()
    }
}
