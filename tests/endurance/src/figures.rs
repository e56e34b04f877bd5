//! What a series of measurements comes to.

use std::time::Duration;

/// The time that so many of 100 did not exceed (the nearest rank), or nothing if nothing was measured.
pub(crate) fn percentile(times: &[Duration], percent: usize) -> Option<Duration> {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// The middle of these numbers.
pub(crate) fn median(numbers: &[u64]) -> Option<u64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied()
}

/// Bytes as a person reads them.
pub(crate) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

/// A time as a person reads it.
pub(crate) fn ms(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_nearest_rank() {
        let times: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        let of = |percent| percentile(&times, percent).unwrap().as_millis();
        assert_eq!((of(50), of(99), of(100)), (100, 198, 200));
        // One slow answer of 50 is more than 1 %.
        let mut few = vec![Duration::from_millis(1); 49];
        few.push(Duration::from_secs(7));
        assert_eq!(percentile(&few, 99), Some(Duration::from_secs(7)));
        assert_eq!(percentile(&[], 99), None);
    }

    #[test]
    fn a_median_does_not_follow_one_peak() {
        assert_eq!(median(&[5, 900, 4, 6, 5]), Some(5));
        assert_eq!(median(&[]), None);
    }
}
