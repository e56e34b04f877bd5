//! Whether a 429 means the account or one client.

use std::collections::VecDeque;

use crate::connections::Recipient;

/// How many answers on either side of a 429 tell what it means.
const REACH: usize = 16;

/// So many 429s among the neighbours, and at least an eighth of them, are no longer single clients that don't read.
const MANY: usize = 4;

/// Why a post was answered with 429 `LimitExceededException`. API Gateway answers both alike.
/// Source: API reference, `PostToConnection`; API Gateway developer guide, "Quotas".
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// The account's requests of this second are used up, as they are for all others.
    Account(Recipient),
    /// The client does not read, and what API Gateway keeps for it is full.
    Slow(Recipient),
}

/// The last answers. One with a 429 is judged by the answers just before and after it, so that the first of many is not taken for a slow client.
#[derive(Debug, Default)]
pub(super) struct Neighbours(VecDeque<Option<Recipient>>);

impl Neighbours {
    /// Adds an answer: whom it is about if it was a 429. Returns what is known now of the answer that came a little earlier.
    pub(super) fn add(&mut self, throttled: Option<Recipient>) -> Option<Verdict> {
        self.0.push_back(throttled);
        if self.0.len() > 2 * REACH + 1 {
            self.0.pop_front();
        }
        self.judge(self.0.len().checked_sub(REACH + 1)?)
    }

    /// No more answers come.
    pub(super) fn finish(self) -> Vec<Verdict> {
        let first = self.0.len().saturating_sub(REACH);
        (first..self.0.len()).filter_map(|nth| self.judge(nth)).collect()
    }

    fn judge(&self, nth: usize) -> Option<Verdict> {
        let it = self.0.get(nth)?.clone()?;
        let neighbours = self.0.len() - 1;
        let throttled = self.0.iter().filter(|answer| answer.is_some()).count() - 1;
        let are_many = throttled >= MANY && throttled * 8 >= neighbours;
        Some(if are_many { Verdict::Account(it) } else { Verdict::Slow(it) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdicts on answers of which those were 429s: `a` for the account, `s` for a slow client, in the order of the answers.
    fn verdicts(answers: impl IntoIterator<Item = bool>) -> String {
        let mut neighbours = Neighbours::default();
        let mut verdicts = Vec::new();
        for (nth, throttled) in answers.into_iter().enumerate() {
            let recipient = || format!("{nth:06}").parse::<crate::ConnectionId>().unwrap().into();
            verdicts.extend(neighbours.add(throttled.then(recipient)));
        }
        verdicts.extend(neighbours.finish());
        let of = |verdict: &Verdict| match verdict {
            Verdict::Account(it) => (it.id.clone(), 'a'),
            Verdict::Slow(it) => (it.id.clone(), 's'),
        };
        let judged: Vec<_> = verdicts.iter().map(of).collect();
        assert!(judged.is_sorted(), "each once, in order: {judged:?}");
        judged.into_iter().map(|(_, verdict)| verdict).collect()
    }

    #[test]
    fn a_client_whose_neighbours_are_served_is_slow() {
        for slow in [0, 1, 15, 16, 17, 500, 983, 984, 999] {
            assert_eq!(verdicts((0..1_000).map(|nth| nth == slow)), "s", "{slow}");
        }
        // One in a hundred, and three in a row.
        assert_eq!(verdicts((0..1_000).map(|nth| nth % 100 == 50)), "s".repeat(10));
        assert_eq!(verdicts((0..1_000).map(|nth| (500..503).contains(&nth))), "sss");
    }

    #[test]
    fn many_at_once_are_the_account_from_the_first_to_the_last() {
        for begin in [0, 1, 20, 500] {
            assert_eq!(verdicts((0..1_000).map(|nth| (begin..begin + 100).contains(&nth))), "a".repeat(100), "{begin}");
        }
        assert_eq!(verdicts([true; 5]), "a".repeat(5));
        // Every second one, for a while.
        assert_eq!(verdicts((0..1_000).map(|nth| (100..200).contains(&nth) && nth % 2 == 0)), "a".repeat(50));
    }

    #[test]
    fn a_few_answers_say_nothing_of_the_account() {
        for few in 1..=4 {
            assert_eq!(verdicts(vec![true; few]), "s".repeat(few));
        }
        assert_eq!(verdicts([]), "");
        assert_eq!(verdicts([false; 100]), "");
    }
}
