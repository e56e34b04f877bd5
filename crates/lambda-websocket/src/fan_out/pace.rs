//! How fast posts go out.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

/// Turns that nobody could take are made up for as long as this: while the last answers of a job came, the next job was awaited, and a page was read.
/// With jobs of half a second, every tenth of a second that is not made up for is a sixth of the rate. All workers together get at most so far
/// ahead, which is less than half of what an account lets through at once.
const CATCH_UP: Duration = Duration::from_millis(250);

/// How long a cut is given to show in the answers: those that come before it are of posts that began before the cut.
const SETTLE: Duration = Duration::from_millis(200);

/// From nothing back to the whole share.
const RECOVERY: Duration = Duration::from_secs(10);

/// Gives posts their turns: at most so many a second, fewer while the account is throttled. Each throttling halves the rate, and time raises it
/// again in even steps, up to the share.
///
/// It is only ever used by one task of one thread.
#[derive(Debug)]
pub(super) struct Pace {
    /// In posts a second.
    share: f64,
    state: Cell<State>,
}

#[derive(Clone, Copy, Debug)]
struct State {
    /// The rate at `since`, in posts a second. Infinite before the first throttling of a pace that begins free.
    rate: f64,
    since: Instant,
    /// When the next turn is due.
    next: Instant,
    /// Throttling that shows before this is not news.
    settled: Instant,
}

impl Pace {
    /// Never faster than the share.
    pub(super) fn at(share: f64) -> Self {
        Self::beginning(share, share)
    }

    /// As fast as it goes, until the account is throttled.
    pub(super) fn free_until_throttled(share: f64) -> Self {
        Self::beginning(share, f64::INFINITY)
    }

    fn beginning(share: f64, rate: f64) -> Self {
        let now = Instant::now();
        Self { share, state: Cell::new(State { rate, since: now, next: now, settled: now }) }
    }

    /// Waits until the next post may begin.
    pub(super) async fn turn(&self) {
        let (now, mut state) = (Instant::now(), self.state.get());
        let rate = self.rate(&state, now);
        if rate.is_infinite() {
            return;
        }
        let turn = state.next.max(now.checked_sub(CATCH_UP).unwrap_or(now));
        state.next = turn + Duration::from_secs_f64(1.0 / rate);
        self.state.set(state);
        if turn > now {
            sleep_until(turn).await;
        }
    }

    /// The account is throttled: posts go out half as fast.
    pub(super) fn throttled(&self) {
        let (now, state) = (Instant::now(), self.state.get());
        if now < state.settled {
            return;
        }
        let rate = self.rate(&state, now).min(self.share) / 2.0;
        // However long it goes on, it must be found out when it ends.
        let rate = rate.max(self.share / 100.0);
        self.state.set(State { rate, since: now, next: now, settled: now + SETTLE });
    }

    fn rate(&self, state: &State, now: Instant) -> f64 {
        if state.rate.is_infinite() {
            return state.rate;
        }
        let recovered = self.share * (now - state.since).as_secs_f64() / RECOVERY.as_secs_f64();
        (state.rate + recovered).min(self.share)
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    /// How many turns there are in this time.
    async fn turns(pace: &Pace, time: Duration) -> u32 {
        let end = Instant::now() + time;
        let mut turns = 0;
        loop {
            pace.turn().await;
            if Instant::now() >= end {
                return turns;
            }
            turns += 1;
        }
    }

    fn about(turns: u32, expected: u32) -> bool {
        turns.abs_diff(expected) <= expected / 50 + 2
    }

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    async fn turns_come_at_the_rate_of_the_share() {
        for share in [1, 30, 700, 2_000, 8_000] {
            let pace = Pace::at(f64::from(share));
            for _ in 0..3 {
                let seen = turns(&pace, SECOND).await;
                assert!(about(seen, share), "{seen} of {share}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_short_wait_has_cost_is_made_up_for_and_a_long_one_is_not() {
        let pace = Pace::at(1_000.0);
        turns(&pace, SECOND).await;
        for wait in [50, 200] {
            advance(Duration::from_millis(wait.into())).await;
            let seen = turns(&pace, SECOND).await;
            assert!(about(seen, 1_000 + wait), "{seen}");
        }
        advance(60 * SECOND).await;
        let seen = turns(&pace, SECOND).await;
        assert!(about(seen, 1_250), "{seen}");
    }

    #[tokio::test(start_paused = true)]
    async fn throttling_halves_the_rate_and_time_brings_it_back() {
        let pace = Pace::at(1_000.0);
        turns(&pace, SECOND).await;
        // A burst of throttled posts is one event.
        for _ in 0..64 {
            pace.throttled();
        }
        // 500 at once, and 100 more after a second.
        let seen = turns(&pace, SECOND).await;
        assert!(about(seen, 550), "{seen}");
        let seen = turns(&pace, SECOND).await;
        assert!(about(seen, 650), "{seen}");
        pace.throttled();
        let seen = turns(&pace, SECOND).await;
        assert!(about(seen, 400), "{seen}");
        turns(&pace, 10 * SECOND).await;
        let seen = turns(&pace, SECOND).await;
        assert!(about(seen, 1_000), "{seen}");
    }

    #[tokio::test(start_paused = true)]
    async fn however_long_throttling_lasts_some_posts_go_out() {
        let pace = Pace::at(1_000.0);
        for _ in 0..100 {
            pace.throttled();
            advance(SETTLE).await;
        }
        let seen = turns(&pace, SECOND).await;
        assert!((10..200).contains(&seen), "{seen}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_free_pace_waits_for_nothing_until_it_is_throttled() {
        let pace = Pace::free_until_throttled(8_000.0);
        let start = Instant::now();
        for _ in 0..100_000 {
            pace.turn().await;
        }
        assert_eq!(Instant::now(), start);
        pace.throttled();
        let seen = turns(&pace, SECOND).await;
        assert!(about(seen, 4_400), "{seen}");
    }
}
