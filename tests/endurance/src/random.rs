//! Numbers that a seed determines, whatever the versions of libraries: the same seed is the same plan next year.

/// The generator `SplitMix64`.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// The numbers of one purpose. The `path` keeps purposes apart, for example a client and which of its lives.
    pub(crate) fn of(seed: u64, path: &[u64]) -> Self {
        path.iter()
            .fold(Self(seed), |random, step| Self(random.clone().next() ^ step.wrapping_mul(0xD6E8_FEB8_6659_FD93)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// From `least` to `most`, both included.
    pub(crate) fn between(&mut self, least: u64, most: u64) -> u64 {
        least + self.next() % (most - least + 1)
    }

    /// One of these, each as often as its weight says.
    pub(crate) fn weighted<T: Clone>(&mut self, choices: &[(u64, T)]) -> T {
        let all: u64 = choices.iter().map(|(weight, _)| weight).sum();
        let mut at = self.next() % all;
        for (weight, choice) in choices {
            if at < *weight {
                return choice.clone();
            }
            at -= weight;
        }
        unreachable!("`at` is below the sum of the weights")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_numbers_on_every_machine() {
        // The first numbers of the published SplitMix64 for the seed 1234567.
        let mut random = Random::of(1_234_567, &[]);
        assert_eq!([random.next(), random.next()], [6_457_827_717_110_365_317, 3_203_168_211_198_807_973]);
    }

    #[test]
    fn purposes_have_numbers_of_their_own() {
        let first = |path: &[u64]| Random::of(7, path).next();
        let all = [first(&[]), first(&[0]), first(&[1]), first(&[0, 1]), first(&[1, 0])];
        assert!((0..all.len()).all(|n| !all[n + 1..].contains(&all[n])), "{all:?}");
    }

    #[test]
    fn weights_are_kept_to() {
        let mut random = Random::of(1, &[]);
        let often = (0..1000).filter(|_| random.weighted(&[(9, true), (1, false)])).count();
        assert!((860..940).contains(&often), "{often}");
        assert!((0..1000).all(|_| (3..=5).contains(&random.between(3, 5))));
    }
}
