use tokio::sync::oneshot::Receiver;

use super::*;
use crate::lambda::concurrency::Concurrency;
use crate::lambda::invocation::Answer;

const TIMEOUT: Duration = Duration::from_secs(3);

/// A schedule, and a clock that the test moves.
struct Fixture {
    schedule: Schedule,
    now: Instant,
}

impl Fixture {
    fn new() -> Self {
        Self { schedule: Schedule::new(TIMEOUT, 2), now: Instant::now() }
    }

    fn invoke(&mut self, event: &'static str) -> Receiver<Answer> {
        let (invocation, answer) = Invocation::new(event.into(), Concurrency::reserved(1).begin().unwrap());
        self.schedule.invoke(invocation, self.now);
        answer
    }

    fn add(&mut self) -> InstanceId {
        let id = InstanceId::next();
        self.schedule.add(id, self.now);
        id
    }

    fn idle(&mut self) -> InstanceId {
        let id = self.add();
        assert!(self.next(id).is_none());
        id
    }

    /// The next delivery for an instance, if there is one.
    fn next(&mut self, id: InstanceId) -> Option<Delivery> {
        match self.schedule.next(id, self.now).unwrap() {
            Next::Delivery(delivery) => Some(delivery),
            Next::Park(_) | Next::End => None,
        }
    }

    fn wants_instance(&self) -> bool {
        self.schedule.wants_instance(self.now)
    }

    fn answer(&mut self, id: InstanceId, delivery: &Delivery) -> Result<(), Refusal> {
        let invocation = self.schedule.answer(id, &delivery.request_id, Some(&delivery.invocation_id), self.now)?;
        invocation.finish(Ok("answer".into()));
        Ok(())
    }
}

fn event(delivery: Option<Delivery>) -> String {
    String::from_utf8(delivery.unwrap().event.to_vec()).unwrap()
}

#[test]
fn the_instance_that_became_idle_last_works_first() {
    let mut it = Fixture::new();
    let (first, last) = (it.idle(), it.idle());
    let _answer = it.invoke("a");
    assert!(it.next(first).is_none());
    assert_eq!(event(it.next(last)), "a");
}

#[test]
fn instances_are_wanted_for_waiting_invocations_up_to_the_limit() {
    let mut it = Fixture::new();
    assert!(!it.wants_instance());
    let _answers = ["a", "b", "c"].map(|event| it.invoke(event));
    for _ in 0..2 {
        assert!(it.wants_instance());
        it.add();
    }
    assert!(!it.wants_instance());
}

#[test]
fn waiting_invocations_are_served_in_the_order_of_arrival() {
    let mut it = Fixture::new();
    let _answers = ["a", "b"].map(|event| it.invoke(event));
    let id = it.add();
    let delivery = it.next(id).unwrap();
    it.answer(id, &delivery).unwrap();
    assert_eq!(event(Some(delivery)), "a");
    assert_eq!(event(it.next(id)), "b");
}

#[test]
fn an_invocation_waits_for_an_instance_that_has_just_answered() {
    let mut it = Fixture::new();
    let id = it.idle();
    let _first = it.invoke("a");
    let delivery = it.next(id).unwrap();
    it.answer(id, &delivery).unwrap();
    let _second = it.invoke("b");
    assert!(!it.wants_instance());
    assert_eq!(event(it.next(id)), "b");
}

#[test]
fn an_instance_becomes_idle_again_if_its_caller_has_gone_away() {
    let mut it = Fixture::new();
    let id = it.idle();
    drop(it.invoke("a"));
    let delivery = it.next(id).unwrap();
    it.answer(id, &delivery).unwrap();
    assert!(it.next(id).is_none());
    let _answer = it.invoke("b");
    assert_eq!(event(it.next(id)), "b");
}

#[test]
fn an_invocation_that_was_not_fetched_is_tried_once_more() {
    let mut it = Fixture::new();
    let first = it.idle();
    let mut answer = it.invoke("a");
    assert!(it.schedule.end(first, End::Overdue, it.now).is_none());
    assert!(it.wants_instance());
    assert!(answer.try_recv().is_err());
    let second = it.add();
    assert_eq!(event(it.next(second)), "a");
}

#[test]
fn an_invocation_that_was_not_fetched_goes_to_another_instance_that_is_idle() {
    let mut it = Fixture::new();
    let (idle, gone) = (it.idle(), it.idle());
    let _answer = it.invoke("a");
    assert!(it.schedule.end(gone, End::Overdue, it.now).is_none());
    assert!(!it.wants_instance());
    assert_eq!(event(it.next(idle)), "a");
}

#[test]
fn an_invocation_that_was_fetched_is_not_tried_again() {
    let mut it = Fixture::new();
    let id = it.idle();
    let mut answer = it.invoke("a");
    assert!(it.next(id).is_some());
    it.schedule.end(id, End::Overdue, it.now).unwrap().report();
    assert!(matches!(answer.try_recv().unwrap(), Err(InvokeError::TimedOut { after: TIMEOUT, during_init: false })));
    assert!(!it.wants_instance());
}

#[test]
fn a_failed_start_fails_only_the_invocation_that_has_waited_longest() {
    let mut it = Fixture::new();
    let (mut first, mut second) = (it.invoke("a"), it.invoke("b"));
    let (failing, other) = (it.add(), it.add());
    it.schedule.end(failing, End::Overdue, it.now).unwrap().report();
    assert!(matches!(first.try_recv().unwrap(), Err(InvokeError::TimedOut { after: INIT_LIMIT, during_init: true })));
    assert!(second.try_recv().is_err());
    assert_eq!(event(it.next(other)), "b");
}

#[test]
fn a_failed_start_does_not_fail_an_invocation_that_another_instance_has_fetched() {
    let mut it = Fixture::new();
    let _answer = it.invoke("a");
    let (starting, other) = (it.add(), it.add());
    assert_eq!(event(it.next(other)), "a");
    assert!(it.schedule.end(starting, End::Overdue, it.now).is_none());
}

#[test]
fn each_phase_has_its_own_limit() {
    let mut it = Fixture::new();
    let start = it.now;
    let id = it.add();
    assert!(it.schedule.check(id, start + INIT_LIMIT - TIMEOUT).is_some());
    assert_eq!(it.schedule.check(id, start + INIT_LIMIT), None);

    assert!(it.next(id).is_none());
    assert_eq!(it.schedule.check(id, start), Some(start + TIMEOUT));
    assert_eq!(it.schedule.check(id, start + IDLE_LIMIT), None);

    let _answer = it.invoke("a");
    let delivery = it.next(id).unwrap();
    assert_eq!(it.schedule.check(id, start + TIMEOUT), None);

    it.answer(id, &delivery).unwrap();
    assert_eq!(it.schedule.check(id, start + TIMEOUT), None);
}

#[test]
fn only_the_running_invocation_can_be_answered_and_only_once() {
    let mut it = Fixture::new();
    let id = it.idle();
    let mut answer = it.invoke("a");
    let delivery = it.next(id).unwrap();
    let mut wrong = delivery.clone();
    wrong.invocation_id = "another".to_owned();

    assert_eq!(it.answer(id, &wrong), Err(Refusal::InvalidRequestId));
    assert_eq!(it.answer(InstanceId::next(), &delivery), Err(Refusal::UnknownInstance));
    assert_eq!(it.schedule.next(id, it.now).err(), Some(Refusal::InvalidStateTransition));
    assert!(answer.try_recv().is_err());

    assert_eq!(it.answer(id, &delivery), Ok(()));
    assert_eq!(answer.try_recv().unwrap().unwrap(), "answer");
    assert_eq!(it.answer(id, &delivery), Err(Refusal::InvalidRequestId));
}

#[test]
fn after_close_all_invocations_fail_and_instances_are_not_started() {
    let mut it = Fixture::new();
    let id = it.idle();
    let mut assigned = it.invoke("a");
    let mut waiting = it.invoke("b");
    it.schedule.close();
    let mut late = it.invoke("c");
    it.schedule.end(id, End::ShuttingDown, it.now).unwrap().report();
    for answer in [&mut assigned, &mut waiting, &mut late] {
        assert!(matches!(answer.try_recv().unwrap(), Err(InvokeError::ShuttingDown)));
    }
    assert!(!it.wants_instance());
}

#[test]
fn idle_instances_of_a_retired_function_end_and_working_ones_finish_first() {
    let mut it = Fixture::new();
    let (idle, working) = (it.idle(), it.idle());
    let _answer = it.invoke("a");
    let delivery = it.next(working).unwrap();

    it.schedule.retire(it.now);
    assert!(it.schedule.check(idle, it.now).is_none());
    assert!(it.schedule.check(working, it.now).is_some());
    it.answer(working, &delivery).unwrap();
    assert!(matches!(it.schedule.next(working, it.now), Ok(Next::End)));
    assert!(it.schedule.check(working, it.now).is_none());
}

#[test]
fn a_retired_function_still_serves_invocations() {
    let mut it = Fixture::new();
    let idle = it.idle();
    it.schedule.retire(it.now);
    let _answer = it.invoke("late");
    assert!(it.wants_instance());
    it.schedule.end(idle, End::Overdue, it.now);
    let new = it.add();
    assert_eq!(event(it.next(new)), "late");
}

#[test]
fn an_instance_that_works_on_after_its_answer_is_not_waited_for() {
    let mut it = Fixture::new();
    let id = it.idle();
    let _first = it.invoke("a");
    let delivery = it.next(id).unwrap();
    it.answer(id, &delivery).unwrap();
    let _second = it.invoke("b");
    assert_eq!(it.schedule.may_want_instance_at(it.now), Some(it.now + ABOUT_TO_ASK));
    it.now += ABOUT_TO_ASK;
    assert!(it.wants_instance());
    let another = it.add();
    assert_eq!(event(it.next(another)), "b");
    assert_eq!(it.schedule.may_want_instance_at(it.now), None);
}

#[test]
fn an_invocation_that_nobody_waits_for_any_more_is_not_served() {
    let mut it = Fixture::new();
    let _kept = [it.invoke("a"), {
        drop(it.invoke("b"));
        it.invoke("c")
    }];
    it.schedule.forget_abandoned();
    let id = it.add();
    for expected in ["a", "c"] {
        let delivery = it.next(id).unwrap();
        it.answer(id, &delivery).unwrap();
        assert_eq!(event(Some(delivery)), expected);
    }
    assert!(it.next(id).is_none());
}

#[test]
fn an_invocation_lasts_until_the_instance_asks_for_the_next_and_init_is_reported_once() {
    let mut it = Fixture::new();
    let _answers = (it.invoke("a"), it.invoke("b"));
    let id = it.add();
    it.now += Duration::from_millis(20);
    for (init, took) in [(Some(20), 5), (None, 7)] {
        assert!(it.schedule.ran(id, it.now).is_none());
        let delivery = it.next(id).unwrap();
        it.now += Duration::from_millis(took);
        it.answer(id, &delivery).unwrap();
        let (run, _) = it.schedule.ran(id, it.now).unwrap();
        assert_eq!(run.request_id, delivery.request_id);
        assert_eq!((run.init, run.took), (init.map(Duration::from_millis), Duration::from_millis(took)));
    }
}
