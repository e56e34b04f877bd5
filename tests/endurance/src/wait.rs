//! Waiting for what another process does, always with an end.

use std::time::Duration;

use tokio::time::{Instant, sleep};

/// The pause between two looks. `/proc` and files don't tell of their changes.
const LOOK: Duration = Duration::from_millis(100);

/// Looks until what is seen is as it should be, or the time is over; returns what was seen last.
pub(crate) async fn settled<T>(limit: Duration, mut look: impl AsyncFnMut() -> T, is_right: impl Fn(&T) -> bool) -> T {
    let end = Instant::now() + limit;
    loop {
        let seen = look().await;
        if is_right(&seen) || Instant::now() >= end {
            return seen;
        }
        sleep(LOOK).await;
    }
}
