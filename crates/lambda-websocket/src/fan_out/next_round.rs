//! When it is tried again to reach those whom a job has not reached.

use std::time::Duration;

/// How often what a job has left over may become a job. Lambda stops a function that its own messages invoke more than 16 times in a row.
/// Source: AWS Lambda developer guide, "Use Lambda recursive loop detection to prevent infinite loops".
const MOST_ROUNDS: u32 = 12;

/// The most that SQS delays a message.
/// Source: SQS developer guide, "Amazon SQS message quotas".
const LONGEST_PAUSE: Duration = Duration::from_secs(15 * 60);

/// What is to become of what a job has left over.
#[derive(Debug, PartialEq)]
pub(super) enum NextRound {
    /// A job of this round.
    Job(u32),
    /// The broadcast is stale by then.
    TooLate,
    /// It was tried often enough.
    Never,
}

/// What is to become of what a job of this round has left over, and what may still be sent for so long, if it waits for this delay.
pub(super) fn next_round(round: u32, time_left: Option<Duration>, delay: Duration) -> NextRound {
    match (round.checked_add(1), time_left) {
        (Some(next), _) if next > MOST_ROUNDS => NextRound::Never,
        (None, _) => NextRound::Never,
        (Some(next), Some(left)) if left > delay => NextRound::Job(next),
        _ => NextRound::TooLate,
    }
}

/// How long members wait whom a job of this round has not reached. It doubles with each round: a client that does not read may read in a moment, or
/// never.
pub(super) fn pause(round: u32) -> Duration {
    Duration::from_secs(1 << round.min(16)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A_DAY: Option<Duration> = Some(Duration::from_secs(86_400));

    #[test]
    fn each_round_waits_longer_and_there_is_a_last_one() {
        let mut pauses = Vec::new();
        let mut round = 0;
        while let NextRound::Job(next) = next_round(round, A_DAY, pause(round)) {
            pauses.push(pause(round).as_secs());
            round = next;
        }
        assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
        for round in [12, u32::MAX] {
            assert_eq!(next_round(round, A_DAY, Duration::ZERO), NextRound::Never);
            assert_eq!(pause(round), LONGEST_PAUSE);
        }
    }

    #[test]
    fn no_round_begins_when_the_broadcast_is_stale() {
        let left = |seconds| Some(Duration::from_secs(seconds));
        let delay = Duration::from_secs(8);
        assert_eq!(next_round(3, None, Duration::ZERO), NextRound::TooLate);
        assert_eq!(next_round(3, left(8), delay), NextRound::TooLate);
        assert_eq!(next_round(3, left(9), delay), NextRound::Job(4));
    }
}
