//! The account's throttle: a bucket of requests that fills at a rate.

use std::sync::{Mutex, PoisonError};

use crate::api::RateLimit;

/// Requests are counted in thousandths, so that a rate of one a second gives something every millisecond.
const PARTS: u64 = 1000;

/// The throttle. Without a limit everything is served.
#[derive(Debug)]
pub(crate) struct Throttle {
    limit: Option<RateLimit>,
    bucket: Mutex<Bucket>,
}

#[derive(Debug)]
struct Bucket {
    parts: u64,
    filled_ms: u64,
    /// Whether a refusal has been told since the bucket was full.
    has_told: bool,
}

/// Too many requests have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Throttled {
    pub(crate) limit: RateLimit,
    /// Whether this is the first since there was room for a whole burst.
    pub(crate) is_first: bool,
}

impl Throttle {
    /// A full bucket.
    pub(crate) fn new(limit: Option<RateLimit>, now_ms: u64) -> Self {
        let parts = limit.map_or(0, |limit| u64::from(limit.burst()) * PARTS);
        Self { limit, bucket: Mutex::new(Bucket { parts, filled_ms: now_ms, has_told: false }) }
    }

    /// Takes a request from the bucket.
    pub(crate) fn take(&self, now_ms: u64) -> Result<(), Throttled> {
        let Some(limit) = self.limit else { return Ok(()) };
        let most = u64::from(limit.burst()) * PARTS;
        // Each change is done at once, so a panicking holder leaves nothing half-done.
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that was put back fills nothing.
        let since_ms = now_ms.saturating_sub(bucket.filled_ms);
        bucket.filled_ms = now_ms;
        // A rate is requests a second, and thousandths of requests a millisecond.
        bucket.parts = since_ms.saturating_mul(limit.rate().into()).saturating_add(bucket.parts).min(most);
        if bucket.parts == most {
            bucket.has_told = false;
        }
        match bucket.parts.checked_sub(PARTS) {
            Some(rest) => {
                bucket.parts = rest;
                Ok(())
            }
            None => Err(Throttled { limit, is_first: !std::mem::replace(&mut bucket.has_told, true) }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn served(throttle: &Throttle, now_ms: u64, tries: usize) -> usize {
        (0..tries).filter(|_| throttle.take(now_ms).is_ok()).count()
    }

    #[test]
    fn a_burst_is_served_at_once_and_then_the_rate() {
        let throttle = Throttle::new(RateLimit::new(10, 5), 1000);
        assert_eq!(served(&throttle, 1000, 100), 5);
        assert_eq!(served(&throttle, 1099, 100), 0);
        assert_eq!(served(&throttle, 1100, 100), 1);
        assert_eq!(served(&throttle, 1400, 100), 3);
        // However long nothing comes, no more than a burst is served at once.
        assert_eq!(served(&throttle, 1_000_000, 100), 5);
        // The clock is put back.
        assert_eq!(served(&throttle, 0, 100), 0);
    }

    #[test]
    fn no_part_of_a_request_is_lost_at_any_pace() {
        let throttle = Throttle::new(RateLimit::new(7, 2), 0);
        assert_eq!(served(&throttle, 0, 10), 2);
        let over_time: usize = (1..=10_000).map(|now_ms| served(&throttle, now_ms, 2)).sum();
        assert_eq!(over_time, 70);
    }

    #[test]
    fn a_refusal_is_told_once_until_the_bucket_is_full_again() {
        let throttle = Throttle::new(RateLimit::new(1000, 2), 0);
        let first = |now_ms| throttle.take(now_ms).err().map(|throttled| throttled.is_first);
        let told: Vec<_> = [0, 0, 0, 0, 1, 1].map(first).into();
        assert_eq!(told, [None, None, Some(true), Some(false), None, Some(false)]);
        let told: Vec<_> = [3, 3, 3].map(first).into();
        assert_eq!(told, [None, None, Some(true)]);
    }

    #[test]
    fn without_a_limit_everything_is_served() {
        assert_eq!(served(&Throttle::new(None, 0), 0, 100_000), 100_000);
    }
}
