//! Drives a [`Schedule`] as its pool does, with whatever comes in whatever order. See [`crate::fuzzing`].

use std::collections::HashSet;

use bytes::Bytes;
use serde_json::Value;
use tokio::sync::oneshot::Receiver;
use tokio::sync::oneshot::error::TryRecvError;

use super::*;
use crate::lambda::concurrency::Concurrency;
use crate::lambda::invocation::Answer;

/// The most steps of one run.
const STEPS: usize = 2000;

struct Driver {
    schedule: Schedule,
    concurrency: Concurrency,
    now: Instant,
    /// When the pool looks whether another instance is wanted, though nothing has happened.
    alarm: Option<Instant>,
    /// The instances in the order in which they were added, also those that have ended.
    instances: Vec<InstanceId>,
    /// The callers that have no answer yet.
    callers: Vec<Receiver<Answer>>,
}

/// Takes steps such as `["invoke"]`, `["next", 0]`, `["end", 0, "overdue"]` and checks after each what must always hold. In the end every caller
/// must have one answer. False if this is not a list of steps.
pub fn schedule(run: &Value) -> bool {
    let number = |key: &str| run[key].as_u64();
    let Some(steps) = run["steps"].as_array().filter(|steps| steps.len() <= STEPS) else { return false };
    let timeout = Duration::from_millis(number("timeout_ms").unwrap_or(3000));
    let most = usize::try_from(number("instances").unwrap_or(2)).unwrap_or(usize::MAX).clamp(1, 8);
    let concurrency = number("concurrency").and_then(|most| usize::try_from(most).ok());
    let mut driver = Driver {
        schedule: Schedule::new(timeout, most),
        concurrency: Concurrency::reserved(concurrency.unwrap_or(usize::MAX)),
        now: Instant::now(),
        alarm: None,
        instances: Vec::new(),
        callers: Vec::new(),
    };
    let mut all_known = true;
    for step in steps {
        all_known &= driver.step(step);
        driver.check();
    }
    if run["finish"] == "serve" {
        driver.serve_all();
    } else {
        driver.end_all();
    }
    driver.check();
    assert!(driver.callers.is_empty(), "a caller has no answer");
    all_known
}

impl Driver {
    /// False if there is no such step, or no such instance.
    fn step(&mut self, step: &Value) -> bool {
        let (name, variant) = (step[0].as_str().unwrap_or_default(), step[2].as_str().unwrap_or_default());
        let instance = || self.instances.get(usize::try_from(step[1].as_u64()?).ok()?).copied();
        match (name, instance()) {
            ("invoke", _) => {
                if let Ok(in_progress) = self.concurrency.begin() {
                    let (invocation, answer) = Invocation::new(Bytes::from_static(b"{}"), in_progress);
                    self.callers.push(answer);
                    self.schedule.invoke(invocation, self.now);
                    self.start_wanted();
                }
            }
            ("give_up", _) => {
                drop(self.callers.pop());
                self.schedule.forget_abandoned();
            }
            ("later", _) => {
                self.now += Duration::from_millis(step[1].as_u64().unwrap_or(1).min(10_000_000));
                if self.alarm.is_some_and(|at| at <= self.now) {
                    self.alarm = None;
                    self.start_wanted();
                }
            }
            ("retire", _) => self.schedule.retire(self.now),
            ("close", _) => self.schedule.close(),
            ("started", Some(id)) => self.schedule.started(id, None),
            ("next", Some(id)) => self.next(id),
            ("answer", Some(id)) => self.answer(id, variant),
            ("init_failed", Some(id)) => drop(self.schedule.init_failed(id, InvokeError::ShuttingDown)),
            ("end", Some(id)) => self.end(id, variant),
            // What the instance's task does.
            ("check", Some(id)) => match self.schedule.check(id, self.now) {
                Some(again) => assert!(again > self.now, "it would be checked in a busy loop"),
                None => self.end(id, "overdue"),
            },
            _ => return false,
        }
        true
    }

    fn start_wanted(&mut self) {
        while self.schedule.wants_instance(self.now) {
            let id = InstanceId::next();
            self.schedule.add(id, self.now);
            self.instances.push(id);
        }
        self.alarm = self.alarm.or_else(|| self.schedule.may_want_instance_at(self.now));
    }

    fn next(&mut self, id: InstanceId) {
        drop(self.schedule.ran(id, self.now));
        let _ = self.schedule.next(id, self.now);
    }

    fn answer(&mut self, id: InstanceId, variant: &str) {
        let working_on = match self.schedule.instances.get(&id).map(|instance| &instance.phase) {
            Some(Phase::Running(invocation, _)) => Some(invocation.delivery.clone()),
            _ => None,
        };
        let request_id = working_on.as_ref().map_or("none", |delivery| &delivery.request_id);
        let invocation_id = working_on.as_ref().map(|delivery| delivery.invocation_id.as_str());
        let (request_id, invocation_id) = match variant {
            "another_request" => ("another", invocation_id),
            "another_invocation" => (request_id, Some("another")),
            "old_runtime" => (request_id, None),
            _ => (request_id, invocation_id),
        };
        let right = working_on.is_some() && !["another_request", "another_invocation"].contains(&variant);
        let answered = self.schedule.answer(id, request_id, invocation_id, self.now);
        assert_eq!(answered.is_ok(), right, "{variant}");
        if let Ok(invocation) = answered {
            invocation.finish(Ok(Bytes::new()));
        }
    }

    fn end(&mut self, id: InstanceId, variant: &str) {
        let end = match variant {
            "overdue" => End::Overdue,
            "shutting_down" => End::ShuttingDown,
            "not_started" => End::NotStarted { source: io::ErrorKind::NotFound.into(), executable: PathBuf::new() },
            _ => End::Exited(ExitStatus::default()),
        };
        let failure = self.schedule.end(id, end, self.now);
        self.start_wanted();
        if let Some(failure) = failure {
            assert!(!failure.error.to_string().is_empty());
            failure.report();
        }
    }

    /// What must hold after every step.
    fn check(&mut self) {
        let Schedule { instances, idle, waiting, max_instances, .. } = &self.schedule;
        assert!(idle.is_empty() || waiting.is_empty(), "an invocation waits while an instance is idle");
        assert!(instances.len() <= *max_instances, "too many instances");
        let distinct: HashSet<_> = idle.iter().collect();
        assert_eq!(distinct.len(), idle.len(), "an instance is idle twice");
        let is_idle = |id: &InstanceId| instances.get(id).is_some_and(|instance| matches!(instance.phase, Phase::Idle));
        assert!(idle.iter().all(is_idle), "an instance that is not idle would be given an invocation");
        assert!(!self.schedule.wants_instance(self.now), "nobody starts an instance");
        if !waiting.is_empty() {
            assert!(!instances.is_empty(), "an invocation waits, and no instance will ever ask for it");
        }
        // Each invocation that the schedule holds is somewhere once, and each of the others has been answered.
        let assigned = instances.values().filter_map(|instance| match &instance.phase {
            Phase::Assigned(invocation) | Phase::Running(invocation, _) => Some(invocation),
            _ => None,
        });
        let held: Vec<_> = waiting.iter().chain(assigned).map(|invocation| &invocation.delivery.request_id).collect();
        let distinct: HashSet<_> = held.iter().collect();
        assert_eq!(distinct.len(), held.len(), "an invocation is held twice");
        assert_eq!(self.concurrency.count(), held.len(), "what counts as in progress is not what is in progress");
        let (mut pending, mut dropped) = (0, 0);
        self.callers.retain_mut(|caller| match caller.try_recv() {
            Ok(_) => false,
            Err(TryRecvError::Empty) => {
                pending += 1;
                true
            }
            Err(TryRecvError::Closed) => {
                dropped += 1;
                false
            }
        });
        assert_eq!(dropped, 0, "an invocation was dropped without an answer");
        assert!(pending <= held.len(), "a caller waits for an invocation that is lost");
    }

    /// Everything ends well: every instance asks and answers until nothing is left.
    fn serve_all(&mut self) {
        for _ in 0..self.callers.len() + 3 {
            for id in self.instances.clone() {
                if self.schedule.check(id, self.now).is_none() {
                    self.end(id, "overdue");
                }
                self.next(id);
                self.answer(id, "right");
                self.check();
            }
        }
    }

    /// The gateway stops: no more invocations, and all processes end.
    fn end_all(&mut self) {
        self.schedule.close();
        for id in self.instances.clone() {
            self.end(id, "shutting_down");
            self.check();
        }
    }
}
