//! What happens in a run: a pure function of the seed. How long it takes, and so what meets what, is up to the machine.

use std::time::Duration;

use serde_json::{Value, json};

use crate::conversation::Expected;
use crate::random::Random;

/// The purposes of random numbers.
const LIVES: u64 = 1;
const TROUBLES: u64 = 2;

/// The worker's `Timeout` in seconds, and an order that takes longer.
pub(crate) const WORKER_TIMEOUT: u32 = 2;
const OVERDUE: Duration = Duration::from_millis(2500);

/// A connection from its beginning to its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Life {
    pub(crate) pause: Duration,
    /// Whether the client waits for the answer to its handshake.
    pub(crate) patient: bool,
    pub(crate) bursts: Vec<Burst>,
    pub(crate) end: End,
}

/// Messages that are sent at once.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Burst {
    pub(crate) pause: Duration,
    pub(crate) orders: Vec<Order>,
    /// How long the client does not read after it has sent.
    pub(crate) stall: Duration,
}

/// What the worker is to do with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    Reply,
    /// After so many milliseconds.
    Slow(u64),
    /// With so many bytes.
    Large(usize),
    /// After so many lines of log.
    Chatter(usize),
    Fail,
    Panic,
    Exit,
    /// Something that is not an answer.
    Rubbish,
    /// Later than its `Timeout`.
    Overdue,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    /// The client stays until everything is answered, and closes.
    Close,
    /// The client leaves in the middle: TCP's RST.
    Reset,
    /// In the middle, with TCP's FIN and no close frame.
    HangUp,
    /// In the middle, without a word: the client does nothing any more until the gateway has given it up.
    Silence,
}

/// What befalls the functions and the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// A process of the worker is killed; the number says which.
    Kill(u64),
    /// A new template that replaces all functions.
    Reload,
    /// A template that can't be read, then the good one again.
    BrokenTemplate,
    /// The store is in this mood, for so long.
    Store(Mood, Duration),
}

/// How the store serves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Mood {
    #[default]
    Well,
    /// Hangs up.
    Refusing,
    /// Takes requests, and serves them when it is well again.
    Stalling,
    /// Answers 500.
    Failing,
}

impl Order {
    /// The probe's orders before its reply, what must come back, and how many bytes the reply has.
    pub(crate) fn spelt_out(self) -> (Vec<Value>, Expected, usize) {
        use Expected::{Error, Reply};
        match self {
            Self::Reply => (vec![], Reply, 10),
            Self::Slow(ms) => (vec![json!({ "sleep": ms })], Reply, 10),
            Self::Large(bytes) => (vec![], Reply, bytes),
            Self::Chatter(lines) => (vec![json!({ "print-lines": lines })], Reply, 10),
            Self::Fail => (vec![json!("fail")], Error, 0),
            Self::Panic => (vec![json!("panic")], Error, 0),
            Self::Exit => (vec![json!("exit")], Error, 0),
            Self::Rubbish => (vec![json!({ "answer": ["not", "an", "answer"] })], Error, 0),
            Self::Overdue => (vec![json!({ "sleep": OVERDUE.as_millis() as u64 })], Error, 0),
        }
    }
}

/// One life of a client.
pub(crate) fn life(seed: u64, client: u64, number: u64) -> Life {
    let mut random = Random::of(seed, &[LIVES, client, number]);
    let pause = ms(&mut random, 0, 400);
    let patient = random.weighted(&[(9, true), (1, false)]);
    let bursts = (0..random.between(1, 4)).map(|_| burst(&mut random)).collect();
    let end = random.weighted(&[(12, End::Close), (3, End::Reset), (3, End::HangUp), (1, End::Silence)]);
    Life { pause, patient, bursts, end }
}

fn burst(random: &mut Random) -> Burst {
    let pause = ms(random, 0, 300);
    let orders = (0..random.between(1, 6)).map(|_| order(random)).collect();
    let stall = if random.between(0, 3) == 0 { ms(random, 200, 1500) } else { Duration::ZERO };
    Burst { pause, orders, stall }
}

fn order(random: &mut Random) -> Order {
    let (slow, large, lines) = (random.between(20, 600), random.between(10_000, 120_000), random.between(100, 2000));
    random.weighted(&[
        (40, Order::Reply),
        (15, Order::Slow(slow)),
        (15, Order::Large(large as usize)),
        (5, Order::Chatter(lines as usize)),
        (4, Order::Fail),
        (4, Order::Panic),
        (4, Order::Exit),
        (4, Order::Rubbish),
        (1, Order::Overdue),
    ])
}

/// All troubles of a kind, each with the pause before it.
pub(crate) fn kills(seed: u64) -> impl Iterator<Item = (Duration, Trouble)> {
    let mut random = Random::of(seed, &[TROUBLES, 1]);
    std::iter::repeat_with(move || (ms(&mut random, 50, 600), Trouble::Kill(random.next())))
}

/// See [`kills`].
pub(crate) fn reloads(seed: u64) -> impl Iterator<Item = (Duration, Trouble)> {
    let mut random = Random::of(seed, &[TROUBLES, 2]);
    std::iter::repeat_with(move || {
        (ms(&mut random, 2000, 5000), random.weighted(&[(3, Trouble::Reload), (1, Trouble::BrokenTemplate)]))
    })
}

/// See [`kills`].
pub(crate) fn moods(seed: u64) -> impl Iterator<Item = (Duration, Trouble)> {
    let mut random = Random::of(seed, &[TROUBLES, 3]);
    std::iter::repeat_with(move || {
        let mood = random.weighted(&[(1, Mood::Refusing), (1, Mood::Stalling), (1, Mood::Failing)]);
        (ms(&mut random, 1000, 4000), Trouble::Store(mood, ms(&mut random, 300, 2500)))
    })
}

/// Events for the function in the background, which come at once after a pause. An answer that is rubbish to a route is one like any other here.
pub(crate) fn events(seed: u64) -> impl Iterator<Item = (Duration, Vec<Order>)> {
    let mut random = Random::of(seed, &[TROUBLES, 4]);
    std::iter::repeat_with(move || {
        let pause = ms(&mut random, 200, 1500);
        let orders = (0..random.between(1, 20)).map(|_| order(&mut random)).filter(|order| *order != Order::Rubbish);
        (pause, orders.collect())
    })
}

/// Messages for the function behind the queue, with the pause before them. It takes any answer for a success.
pub(crate) fn jobs(seed: u64) -> impl Iterator<Item = (Duration, Vec<Order>)> {
    let mut random = Random::of(seed, &[TROUBLES, 5]);
    std::iter::repeat_with(move || {
        let pause = ms(&mut random, 200, 1000);
        let orders = (0..random.between(1, 5)).map(|_| order(&mut random)).filter(|order| *order != Order::Rubbish);
        (pause, orders.collect())
    })
}

fn ms(random: &mut Random, least: u64, most: u64) -> Duration {
    Duration::from_millis(random.between(least, most))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_seed_is_a_run_and_another_seed_is_another() {
        let lives = |seed| -> Vec<_> { (0..5).flat_map(|client| (0..5).map(move |n| life(seed, client, n))).collect() };
        assert_eq!(lives(7), lives(7));
        assert_ne!(lives(7), lives(8));
        let of =
            |seed| -> Vec<_> { kills(seed).take(9).chain(reloads(seed).take(9)).chain(moods(seed).take(9)).collect() };
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
        let of = |seed| -> Vec<_> { events(seed).take(9).chain(jobs(seed).take(9)).collect() };
        assert_eq!(of(7), of(7));
        assert_ne!(of(7), of(8));
        // Two lives of one client, and the same life of two clients.
        assert_ne!(life(7, 0, 0), life(7, 0, 1));
        assert_ne!(life(7, 0, 0), life(7, 1, 0));
    }

    #[test]
    fn everything_happens() {
        let lives: Vec<_> = (0..300).map(|n| life(1, 0, n)).collect();
        let ends: BTreeSet<_> = lives.iter().map(|life| life.end).collect();
        assert_eq!(ends.len(), 4);
        assert!(lives.iter().any(|life| !life.patient));
        let bursts: Vec<_> = lives.iter().flat_map(|life| &life.bursts).collect();
        assert!(bursts.iter().any(|burst| !burst.stall.is_zero()));
        let kinds: BTreeSet<_> =
            bursts.iter().flat_map(|burst| &burst.orders).map(|order| format!("{order:?}")).collect();
        let kinds: BTreeSet<_> = kinds.iter().map(|kind| kind.split('(').next()).collect();
        assert_eq!(kinds.len(), 9, "{kinds:?}");
    }
}
