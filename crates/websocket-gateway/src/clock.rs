//! The clock that events and limits go by. The time that a function's process takes, and the durations in log lines, are always real time: a
//! process does not stop when a test stops the clock.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use tokio::sync::watch;

/// The clock that events and limits go by: the system's, that and what it was moved forward, or a clock that a test moves by hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Manual(Arc<watch::Sender<u64>>),
    /// The system's clock, and how far ahead of it this one is in milliseconds.
    Ahead(Arc<watch::Sender<u64>>),
}

impl Clock {
    /// A clock that stands still at `now_ms` (milliseconds since 1970) until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(now_ms: u64) -> Self {
        Self(Source::Manual(Arc::new(watch::Sender::new(now_ms))))
    }

    /// A clock that goes as the system's does, and that [`Clock::advance`] moves forward.
    #[must_use]
    pub fn movable() -> Self {
        Self(Source::Ahead(Arc::new(watch::Sender::new(0))))
    }

    /// Moves a manual or a movable clock forward. Everything that waits for a time up to then continues. The system's clock stays: then this is
    /// `false`.
    pub fn advance(&self, by: Duration) -> bool {
        match &self.0 {
            Source::Manual(time) | Source::Ahead(time) => {
                time.send_modify(|ms| *ms = ms.saturating_add(millis(by)));
                true
            }
            Source::System => false,
        }
    }

    /// Whether it stands still until it is moved.
    #[cfg(feature = "console")]
    pub(crate) fn stands(&self) -> bool {
        matches!(self.0, Source::Manual(_))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            Source::System => system_ms(),
            Source::Manual(time) => *time.borrow(),
            Source::Ahead(ahead) => system_ms().saturating_add(*ahead.borrow()),
        }
    }

    /// Waits until the clock shows `deadline_ms` (milliseconds since 1970) or more.
    pub(crate) async fn sleep_until(&self, deadline_ms: u64) {
        match &self.0 {
            Source::System => tokio::time::sleep(self.until(deadline_ms)).await,
            Source::Ahead(ahead) => {
                let mut ahead = ahead.subscribe();
                while !self.until(deadline_ms).is_zero() {
                    // It is moved, or the time is up.
                    let _ = tokio::time::timeout(self.until(deadline_ms), ahead.changed()).await;
                }
            }
            // The sender lives in `self`, so waiting can't fail.
            Source::Manual(time) => drop(time.subscribe().wait_for(|now_ms| *now_ms >= deadline_ms).await),
        }
    }

    fn until(&self, deadline_ms: u64) -> Duration {
        Duration::from_millis(deadline_ms.saturating_sub(self.now_ms()))
    }

    /// Waits for `work` at most this long; `None` if it took longer and was dropped.
    pub(crate) async fn within<T>(&self, limit: Duration, work: impl Future<Output = T>) -> Option<T> {
        tokio::select! {
            biased;
            done = work => Some(done),
            () = self.sleep_until(self.now_ms().saturating_add(millis(limit))) => None,
        }
    }
}

fn system_ms() -> u64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Seconds since 1970 by the system's clock, for signatures: other processes make them by that clock.
pub(crate) fn real_seconds() -> i64 {
    i64::try_from(Clock::default().now_ms() / 1000).unwrap_or(i64::MAX)
}

/// Milliseconds since 1970 as a date and time of day, in UTC.
pub(crate) fn calendar_time(ms: u64) -> Timestamp {
    i64::try_from(ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or_default()
}

/// A duration in whole milliseconds.
pub(crate) fn millis(duration: Duration) -> u64 {
    duration.as_millis().try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(60 * 60);

    #[tokio::test]
    async fn a_movable_clock_goes_by_itself_and_can_be_moved() {
        let clock = Clock::movable();
        let start = clock.now_ms();
        assert!(start.abs_diff(system_ms()) < 10_000);
        clock.sleep_until(start + 1).await;
        let sleeping = tokio::spawn({
            let clock = clock.clone();
            async move { clock.sleep_until(start + millis(HOUR)).await }
        });
        tokio::task::yield_now().await;
        assert!(clock.advance(HOUR / 2) && !sleeping.is_finished());
        assert!(clock.advance(HOUR / 2));
        sleeping.await.unwrap();
        assert!(clock.now_ms() >= start + millis(HOUR));
        assert!(!Clock::default().advance(HOUR));
    }
}
