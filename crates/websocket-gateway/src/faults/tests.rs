use std::time::Duration;

use serde_json::{Value, json};

use super::*;
use crate::clock::Clock;
use crate::happenings::Interest;

fn faults() -> Arc<Faults> {
    Faults::new(HappeningSender::new(Clock::manual(7)))
}

fn read(json: Value) -> Result<Fault, String> {
    serde_json::from_value(json).map_err(|error| error.to_string())
}

fn slow(function: &str, ms: u64) -> Fault {
    read(json!({ "kind": "slow", "function": function, "ms": ms })).unwrap()
}

fn connection(id: &str) -> ConnectionId {
    ConnectionId::parse(id).unwrap()
}

#[test]
fn faults_are_read_and_what_is_wrong_is_said() {
    let good = json!({ "kind": "posts", "status": 410, "connectionId": "L0SM9cOFvHcCIhw=" });
    assert_eq!(serde_json::to_value(read(good.clone()).unwrap()).unwrap(), good);
    for (wrong, why) in [
        (json!({ "kind": "slow", "function": "Hello", "ms": 0 }), "write 1 to 29000 ms"),
        (json!({ "kind": "slow", "function": "Hello", "ms": 29_001 }), "write 1 to 29000 ms"),
        (json!({ "kind": "slow", "function": "Hello" }), "missing field `ms`"),
        (json!({ "kind": "posts", "status": 500 }), "410 or 429"),
        (json!({ "kind": "posts", "status": 410, "connectionId": "no!" }), "not a valid connection id"),
        (json!({ "kind": "handshakes", "status": 200 }), "from 400 to 599"),
        (json!({ "kind": "failing", "function": "Hello", "ms": 1 }), "unknown field `ms`"),
        (json!({ "kind": "rain" }), "unknown variant `rain`"),
    ] {
        let error = read(wrong.clone()).unwrap_err();
        assert!(error.contains(why), "{wrong}: {error}");
    }
}

#[test]
fn a_function_meets_its_own_faults_and_those_of_no_other() {
    let faults = faults();
    assert!(!faults.of_invocation("Hello").is_any());
    faults.begin(slow("Hello", 20), false).unwrap();
    faults.begin(Fault::Failing { function: "Hello".to_owned() }, false).unwrap();
    let met = faults.of_invocation("Hello");
    assert_eq!((met.delay, met.fails, met.is_throttled), (Some(Duration::from_millis(20)), true, false));
    assert!(!faults.of_invocation("Other").is_any());
    // Who is throttled never begins.
    let throttled = faults.begin(Fault::Throttled { function: "Hello".to_owned() }, false).unwrap();
    assert_eq!(faults.of_invocation("Hello"), OfInvocation { is_throttled: true, ..OfInvocation::default() });
    assert!(faults.end(throttled.id).is_some() && faults.end(throttled.id).is_none());
    assert_eq!(faults.of_invocation("Hello"), met);
    faults.end_all();
    assert!(!faults.of_invocation("Hello").is_any());
}

#[test]
fn a_fault_takes_the_place_of_one_about_the_same_and_there_is_a_most() {
    let faults = faults();
    for ms in [10, 20] {
        faults.begin(slow("Hello", ms), false).unwrap();
    }
    assert_eq!(faults.all().iter().map(SetFault::text).collect::<Vec<_>>(), ["Hello takes 20 ms longer"]);
    for n in 1..MOST {
        faults.begin(slow(&n.to_string(), 1), false).unwrap();
    }
    assert_eq!(faults.begin(slow("one more", 1), false).unwrap_err(), TooMany);
    faults.begin(slow("Hello", 30), false).unwrap();
}

#[tokio::test]
async fn what_is_to_strike_once_ends_with_that_and_each_is_told() {
    let sender = HappeningSender::new(Clock::manual(7));
    let mut told = sender.subscribe(Interest::UpTo(Level::Info));
    let faults = Faults::new(sender);
    let status = HandshakeStatus::try_from(403).unwrap();
    faults.begin(Fault::Handshakes { status }, true).unwrap();
    assert_eq!(faults.of_handshake(), Some(status));
    assert_eq!(faults.of_handshake(), None);
    for expected in
        ["a fault is set at the console: handshakes get 403, the next time only", "a fault of the console has ended: "]
    {
        let happening = told.next().await.unwrap();
        assert!(happening.by_hand && happening.what.to_string().starts_with(expected), "{happening:?}");
    }
}

#[test]
fn what_is_about_a_connection_ends_with_it() {
    let faults = faults();
    let (one, other) = (connection("L0SM9cOFvHcCIhw="), connection("AaIqlEpCAACC3Os="));
    faults.begin(Fault::Posts { status: PostStatus::Gone, connection_id: Some(one.clone()) }, false).unwrap();
    faults.begin(Fault::NotReading { connection_id: one.clone() }, false).unwrap();
    assert_eq!((faults.of_post(&one), faults.of_post(&other)), (Some(PostStatus::Gone), None));
    faults.forget(&other);
    assert_eq!(faults.all().len(), 2);
    faults.forget(&one);
    assert!(faults.all().is_empty());
    faults.begin(Fault::Posts { status: PostStatus::TooMany, connection_id: None }, false).unwrap();
    assert_eq!(faults.of_post(&other), Some(PostStatus::TooMany));
}
