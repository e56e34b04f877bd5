//! What the fuzz targets share: samples, and mutations of their structure.
//!
//! Nearly everything that the two crates read is a tree: JSON, YAML, or a list of things to do one after the other, which the targets write as
//! JSON, too. So there is one kind of mutation for all of them. It changes the tree of an input and mixes in parts of the samples. Every other
//! input is left to libFuzzer, which changes bytes.

#![forbid(unsafe_code)]

mod gateway;
pub mod http;
mod kit;
mod mutation;
mod random;
pub mod samples;
mod small;
mod tree;
mod yaml;

pub use gateway::without_functions;
pub use kit::{Format, Kit};
pub use samples::Sample;
pub use small::{latin1, now};
pub use tree::Tree;

/// Makes a fuzz target: `fuzz!(Format::Json, samples(), run)`. `run` tells whether it has accepted an input.
///
/// Before the first run, every sample is tried: if a good one is refused, the target does not test what it should.
#[macro_export]
macro_rules! fuzz {
    ($format:expr, $samples:expr, $run:path) => {
        static KIT: std::sync::LazyLock<$crate::Kit> = std::sync::LazyLock::new(|| $crate::Kit::new($format, $samples));

        libfuzzer_sys::fuzz_target!(init: KIT.start($run), |data: &[u8]| -> libfuzzer_sys::Corpus {
            let _ = $run(data);
            libfuzzer_sys::Corpus::Keep
        });

        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            KIT.mutate(data, size, max_size, seed)
        });

        libfuzzer_sys::fuzz_crossover!(|a: &[u8], b: &[u8], out: &mut [u8], seed: u32| { KIT.cross_over(a, b, out, seed) });
    };
}
