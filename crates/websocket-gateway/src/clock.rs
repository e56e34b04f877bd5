//! The clock that events and limits go by. The time that a function's process takes, and the durations in log lines, are always real time: a
//! process does not stop when a test stops the clock.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use tokio::sync::watch;

/// The clock that events and limits go by: the system's, or a clock that a test moves by hand.
#[derive(Clone, Debug, Default)]
pub struct Clock(Source);

#[derive(Clone, Debug, Default)]
enum Source {
    #[default]
    System,
    Manual(Arc<watch::Sender<u64>>),
}

impl Clock {
    /// A clock that stands still at `now_ms` (milliseconds since 1970) until [`Clock::advance`] moves it.
    #[must_use]
    pub fn manual(now_ms: u64) -> Self {
        Self(Source::Manual(Arc::new(watch::Sender::new(now_ms))))
    }

    /// Moves a manual clock forward. Everything that waits for a time up to then continues. On the system's clock this has no effect.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(time) = &self.0 {
            time.send_modify(|now_ms| *now_ms = now_ms.saturating_add(millis(by)));
        }
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            Source::System => millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
            Source::Manual(time) => *time.borrow(),
        }
    }

    /// Waits until the clock shows `deadline_ms` (milliseconds since 1970) or more.
    pub(crate) async fn sleep_until(&self, deadline_ms: u64) {
        match &self.0 {
            Source::System => {
                tokio::time::sleep(Duration::from_millis(deadline_ms.saturating_sub(self.now_ms()))).await;
            }
            // The sender lives in `self`, so waiting can't fail.
            Source::Manual(time) => drop(time.subscribe().wait_for(|now_ms| *now_ms >= deadline_ms).await),
        }
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
