use std::collections::BTreeSet;
use std::panic;

use crate::mutation::Mutation;
use crate::random::Random;
use crate::{Sample, Tree, yaml};

/// How a target's inputs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Json,
    /// YAML, of which JSON is a part.
    Yaml,
}

/// What a target needs to make inputs.
#[derive(Debug)]
pub struct Kit {
    format: Format,
    samples: Vec<Sample>,
    trees: Vec<Tree>,
    words: Vec<String>,
}

impl Kit {
    pub fn new(format: Format, samples: Vec<Sample>) -> Self {
        assert!(!samples.is_empty(), "a target needs samples to start from");
        let trees: Vec<_> = samples.iter().filter_map(|sample| format.read(sample.text.as_bytes())).collect();
        let mut words = BTreeSet::new();
        for tree in &trees {
            tree.words(&mut |word| {
                if word.len() <= 64 {
                    words.insert(word.to_owned());
                }
            });
        }
        Self { format, samples, trees, words: words.into_iter().collect() }
    }

    /// Tries every sample.
    ///
    /// A panic ends the process, so that libFuzzer reports it, wherever it happens: in another thread or in a task, too. Only the YAML library's
    /// panics are allowed, because the gateway expects them.
    pub fn start(&self, run: fn(&[u8]) -> bool) {
        let end_the_process = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !info.location().is_some_and(|place| place.file().contains("/saphyr")) {
                end_the_process(info);
            }
        }));
        for sample in &self.samples {
            let accepted = run(sample.text.as_bytes());
            assert!(accepted || !sample.good, "this sample is good, and was refused: {}", sample.name);
        }
    }

    /// libFuzzer's custom mutator.
    pub fn mutate(&self, data: &mut [u8], size: usize, max_size: usize, seed: u32) -> usize {
        let mut random = Random::new(seed);
        // libFuzzer begins with one byte if it has no corpus.
        if size <= 1 || random.once_in(100) {
            let sample = &self.samples[random.below(self.samples.len())];
            if let Some(size) = put(sample.text.as_bytes(), data, max_size) {
                // As it is, once in a while: a corpus should have it.
                return if random.once_in(4) { size } else { self.change(data, size, max_size, &mut random) };
            }
        }
        self.change(data, size, max_size, &mut random)
    }

    fn change(&self, data: &mut [u8], size: usize, max_size: usize, random: &mut Random) -> usize {
        if !random.once_in(4)
            && let Some(mut tree) = self.format.read(&data[..size])
        {
            Mutation { random, words: &self.words, others: &self.trees }.mutate(&mut tree);
            if let Some(size) = put(self.format.write(&tree, random).as_bytes(), data, max_size) {
                return size;
            }
        }
        libfuzzer_sys::fuzzer_mutate(data, size, max_size)
    }

    /// libFuzzer's custom crossover: a part of one tree in a place of the other.
    pub fn cross_over(&self, a: &[u8], b: &[u8], out: &mut [u8], seed: u32) -> usize {
        let mut random = Random::new(seed);
        let max_size = out.len();
        let crossed = self.format.read(a).zip(self.format.read(b)).map(|(mut a, b)| {
            let (place, part) = (random.below(a.count()), random.below(b.count()));
            if let (Some(place), Some(part)) = (a.node_mut(place), b.node(part)) {
                *place = part.clone();
            }
            self.format.write(&a, &mut random)
        });
        crossed
            .and_then(|crossed| put(crossed.as_bytes(), out, max_size))
            .or_else(|| put(a, out, max_size))
            .unwrap_or(0)
    }
}

impl Format {
    fn read(self, bytes: &[u8]) -> Option<Tree> {
        let text = std::str::from_utf8(bytes).ok()?;
        match self {
            Self::Json => Tree::of_json(text),
            // An anchor can make a small text a large tree.
            Self::Yaml if text.contains('&') => None,
            Self::Yaml => Tree::of_json(text).or_else(|| panic::catch_unwind(|| yaml::read(text)).ok()?),
        }
    }

    fn write(self, tree: &Tree, random: &mut Random) -> String {
        if self == Self::Yaml && random.once_in(2) { tree.to_yaml() } else { tree.to_json() }
    }
}

/// `None` if it does not fit.
fn put(bytes: &[u8], out: &mut [u8], max_size: usize) -> Option<usize> {
    let size = bytes.len();
    (size <= max_size).then(|| {
        out[..size].copy_from_slice(bytes);
        size
    })
}
