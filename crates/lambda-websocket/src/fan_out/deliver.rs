//! Posts of one message to many: several under way at once, each in its turn, until the time is up.

use std::pin::{Pin, pin};
use std::time::Duration;

use futures_util::{Stream, StreamExt, stream};
use tokio::time::{Instant, sleep_until, timeout_at};

use super::neighbours::{Neighbours, Verdict};
use super::pace::Pace;
use crate::connection_id::ConnectionId;
use crate::connections::{IN_FLIGHT, PostError, Recipient};

/// Pauses before those are tried again who got nothing because the account was throttled. Who gets nothing then either, waits for a job of
/// its own.
const PAUSES: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(300), Duration::from_millis(900)];

/// The most time that is kept for what comes after the posts.
const RESERVE: Duration = Duration::from_secs(2);

/// What became of a message to one of many.
#[derive(Debug)]
pub(super) enum Answer {
    Sent,
    Gone,
    /// The session has ended, and now the connection is closed.
    Ended,
    /// 429.
    Throttled,
    /// It may have arrived or not, and may be sent again.
    Lost(PostError),
    /// It can't be sent, and trying again would not help.
    Failed(PostError),
}

/// Sends the message to one member.
pub(super) trait Post {
    async fn post(&self, to: &Recipient) -> Answer;
}

/// How long posts may go on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// No post begins after this.
    stop: Instant,
    /// Posts that have no answer by then are given up.
    give_up: Instant,
}

impl Limits {
    /// Leaves some of the time for what comes after the posts.
    pub(super) fn within(time: Duration) -> Self {
        let reserve = (time / 4).min(RESERVE);
        let end = Instant::now() + time;
        Self { stop: end - reserve, give_up: end - reserve / 2 }
    }

    pub(super) fn not_after(self, time: Instant) -> Self {
        Self { stop: self.stop.min(time), ..self }
    }
}

/// What became of a message to many.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) sent: usize,
    pub(super) gone: Vec<ConnectionId>,
    /// Connections that were closed, because their sessions have ended.
    pub(super) ended: usize,
    pub(super) failed: Vec<(ConnectionId, PostError)>,
    /// Clients that don't read.
    pub(super) slow: Vec<Recipient>,
    /// Who got nothing and should: the account was throttled, or the answer was lost.
    pub(super) unserved: Vec<Recipient>,
    /// Why the first answer of all that were lost was.
    pub(super) first_loss: Option<PostError>,
}

pub(super) struct Delivery<'d, P> {
    pub(super) post: P,
    pub(super) pace: &'d Pace,
    pub(super) limits: Limits,
}

impl<P: Post> Delivery<'_, P> {
    /// Posts to all members that the stream has before the time is up. No member is taken from it that is not posted to, so the stream still has
    /// all others.
    pub(super) async fn run(&self, members: Pin<&mut impl Stream<Item = Recipient>>) -> Tally {
        let mut tally = Tally::default();
        let mut throttled = self.pass(members, &mut tally).await;
        for pause in PAUSES {
            let pause_ends = Instant::now() + pause;
            if throttled.is_empty() || pause_ends >= self.limits.stop {
                break;
            }
            sleep_until(pause_ends).await;
            let mut again = pin!(stream::iter(throttled));
            throttled = self.pass(again.as_mut(), &mut tally).await;
            throttled.extend(again.collect::<Vec<_>>().await);
        }
        tally.unserved.append(&mut throttled);
        tally
    }

    /// Posts once to each. Returns to whom it could not, because the account was throttled.
    async fn pass(&self, members: Pin<&mut impl Stream<Item = Recipient>>, tally: &mut Tally) -> Vec<Recipient> {
        // The turn comes before the member: whoever is taken from the stream is posted to.
        let in_turn = stream::unfold(members, async |mut members| {
            self.pace.turn().await;
            Some((members.next().await?, members))
        });
        let posts = in_turn.take_until(sleep_until(self.limits.stop)).map(|to| async move {
            let answer = timeout_at(self.limits.give_up, self.post.post(&to)).await;
            (answer.unwrap_or_else(|_| Answer::Lost(PostError::Failed(TimeIsUp.into()))), to)
        });
        let mut posts = pin!(posts.buffer_unordered(IN_FLIGHT));
        let (mut neighbours, mut throttled) = (Neighbours::default(), Vec::new());
        let mut judge = |verdict: Verdict, slow: &mut Vec<Recipient>| match verdict {
            Verdict::Slow(to) => slow.push(to),
            Verdict::Account(to) => {
                self.pace.throttled();
                throttled.push(to);
            }
        };
        while let Some((answer, to)) = posts.next().await {
            let is_throttled = matches!(answer, Answer::Throttled);
            if let Some(verdict) = neighbours.add(is_throttled.then(|| to.clone())) {
                judge(verdict, &mut tally.slow);
            }
            tally.count(answer, to);
        }
        for verdict in neighbours.finish() {
            judge(verdict, &mut tally.slow);
        }
        throttled
    }
}

impl Tally {
    /// All but 429s, which are counted when they have been judged.
    fn count(&mut self, answer: Answer, to: Recipient) {
        match answer {
            Answer::Sent => self.sent += 1,
            Answer::Gone => self.gone.push(to.id),
            Answer::Ended => self.ended += 1,
            Answer::Throttled => {}
            Answer::Failed(error) => self.failed.push((to.id, error)),
            Answer::Lost(error) => {
                self.first_loss.get_or_insert(error);
                self.unserved.push(to);
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
#[error("no answer came in time")]
struct TimeIsUp;

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::{BTreeMap, BTreeSet};

    use tokio::time::sleep;

    use super::*;

    /// An API that answers after 10 ms. It takes so many posts a second, and none to clients that don't read.
    struct Api {
        rate: f64,
        tokens: Cell<(f64, Instant)>,
        /// Ids whose posts are answered otherwise.
        others: fn(usize) -> Option<Answer>,
        received: RefCell<BTreeMap<usize, usize>>,
        most_at_once: Cell<usize>,
        at_once: Cell<usize>,
    }

    impl Api {
        fn new(rate: f64, others: fn(usize) -> Option<Answer>) -> Self {
            let (received, most_at_once, at_once) = Default::default();
            Self { rate, tokens: Cell::new((rate / 10.0, Instant::now())), others, received, most_at_once, at_once }
        }

        fn has_a_token(&self) -> bool {
            let (tokens, since) = self.tokens.get();
            let tokens = (tokens + since.elapsed().as_secs_f64() * self.rate).min(self.rate / 10.0);
            self.tokens.set(((tokens - 1.0).max(0.0), Instant::now()));
            tokens >= 1.0
        }
    }

    impl Post for &Api {
        async fn post(&self, to: &Recipient) -> Answer {
            self.at_once.set(self.at_once.get() + 1);
            self.most_at_once.set(self.most_at_once.get().max(self.at_once.get()));
            sleep(Duration::from_millis(10)).await;
            self.at_once.set(self.at_once.get() - 1);
            let nth = nth(to);
            if !self.has_a_token() {
                return Answer::Throttled;
            }
            (self.others)(nth).unwrap_or_else(|| {
                *self.received.borrow_mut().entry(nth).or_default() += 1;
                Answer::Sent
            })
        }
    }

    fn member(nth: usize) -> Recipient {
        format!("id{nth:06}").parse::<ConnectionId>().unwrap().into()
    }

    fn nth(of: &Recipient) -> usize {
        of.id.as_str()[2..].parse().unwrap()
    }

    async fn deliver(api: &Api, pace: &Pace, members: usize, time: Duration) -> (Tally, Vec<usize>) {
        let mut members = pin!(stream::iter((0..members).map(member)));
        let tally = Delivery { post: api, pace, limits: Limits::within(time) }.run(members.as_mut()).await;
        (tally, members.map(|left| nth(&left)).collect().await)
    }

    const PLENTY: Duration = Duration::from_secs(3600);
    const UNLIMITED: f64 = 1e9;

    #[tokio::test(start_paused = true)]
    async fn everybody_gets_it_once_64_at_a_time() {
        let api = Api::new(UNLIMITED, |_| None);
        let (tally, left) = deliver(&api, &Pace::free_until_throttled(8_000.0), 1_000, PLENTY).await;
        assert_eq!((tally.sent, left.len(), api.most_at_once.get()), (1_000, 0, 64));
        assert!(api.received.borrow().values().eq(&[1; 1_000]));
    }

    #[tokio::test(start_paused = true)]
    async fn posts_keep_to_the_share() {
        let api = Api::new(UNLIMITED, |_| None);
        let start = Instant::now();
        deliver(&api, &Pace::at(2_000.0), 10_000, PLENTY).await;
        let took = start.elapsed();
        assert!((4_950..5_050).contains(&took.as_millis()), "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn each_answer_is_counted_as_what_it_is() {
        let api = Api::new(UNLIMITED, |nth| match nth % 100 {
            1 => Some(Answer::Gone),
            2 => Some(Answer::Ended),
            3 => Some(Answer::Failed(PostError::Forbidden)),
            4 => Some(Answer::Lost(PostError::Throttled)),
            5 => Some(Answer::Throttled),
            _ => None,
        });
        let (tally, _) = deliver(&api, &Pace::at(2_000.0), 1_000, PLENTY).await;
        assert_eq!((tally.sent, tally.gone.len(), tally.ended, tally.failed.len()), (950, 10, 10, 10));
        assert!(tally.unserved.iter().map(nth).eq((0..10).map(|n| n * 100 + 4)));
        assert!(tally.slow.iter().map(nth).eq((0..10).map(|n| n * 100 + 5)));
        assert!(tally.first_loss.is_some());
    }

    #[tokio::test(start_paused = true)]
    async fn slow_clients_delay_nobody() {
        let start = Instant::now();
        let took = async |others| {
            let api = Api::new(UNLIMITED, others);
            deliver(&api, &Pace::at(1_000.0), 1_000, PLENTY).await;
            start.elapsed()
        };
        let without = took(|_| None).await;
        assert_eq!(took(|nth| (nth % 50 == 0).then_some(Answer::Throttled)).await, 2 * without);
    }

    #[tokio::test(start_paused = true)]
    async fn a_throttled_account_loses_nobody_and_slows_the_posts_down_to_what_it_takes() {
        for rate in [100.0, 500.0, 1_900.0] {
            let api = Api::new(rate, |_| None);
            let pace = Pace::at(2_000.0);
            let (mut sent, mut rounds, mut members) = (0, 0, (0..1_000).map(member).collect::<Vec<_>>());
            let start = Instant::now();
            while !members.is_empty() {
                let delivery = Delivery { post: &api, pace: &pace, limits: Limits::within(PLENTY) };
                let tally = delivery.run(pin!(stream::iter(members))).await;
                (sent, rounds) = (sent + tally.sent, rounds + 1);
                members = tally.unserved.into_iter().chain(tally.slow).collect();
            }
            assert_eq!((sent, api.received.borrow().len()), (1_000, 1_000));
            let ideal = 1_000.0 / rate;
            let took = start.elapsed().as_secs_f64();
            assert!(took < 3.0 * ideal + 2.0 && rounds < 10, "at {rate}: {took} s, {rounds} rounds");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn when_the_time_is_up_every_member_is_accounted_for() {
        let api = Api::new(UNLIMITED, |_| None);
        let start = Instant::now();
        let (tally, left) = deliver(&api, &Pace::at(100.0), 1_000, Duration::from_secs(4)).await;
        // A quarter of the time is kept.
        assert!(start.elapsed() < Duration::from_millis(3_100), "{:?}", start.elapsed());
        assert!((290..=320).contains(&tally.sent), "{}", tally.sent);
        let received: BTreeSet<_> = api.received.borrow().keys().copied().collect();
        assert!(received.iter().chain(&left).copied().eq(0..1_000), "the rest begins where the posts ended");
    }

    #[tokio::test(start_paused = true)]
    async fn so_is_every_member_when_the_account_is_throttled_all_the_time() {
        for time in [100, 500, 1_000, 2_000, 5_000, 20_000] {
            let api = Api::new(50.0, |_| None);
            let (tally, left) = deliver(&api, &Pace::at(1_000.0), 1_000, Duration::from_millis(time)).await;
            let received: BTreeSet<_> = api.received.borrow().keys().copied().collect();
            let others: BTreeSet<_> = tally.unserved.iter().chain(&tally.slow).map(nth).chain(left).collect();
            assert_eq!((received.len() + others.len(), tally.sent), (1_000, received.len()), "{time}");
            assert!(received.is_disjoint(&others), "{time}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn posts_without_an_answer_are_given_up_and_not_forgotten() {
        struct Silent;
        impl Post for Silent {
            async fn post(&self, _: &Recipient) -> Answer {
                std::future::pending().await
            }
        }
        let mut members = pin!(stream::iter((0..100).map(member)));
        let (pace, limits) = (Pace::at(2_000.0), Limits::within(Duration::from_secs(10)));
        let tally = Delivery { post: Silent, pace: &pace, limits }.run(members.as_mut()).await;
        let left: Vec<_> = members.collect().await;
        assert_eq!((tally.sent, tally.unserved.len(), left.len()), (0, 64, 36));
    }
}
