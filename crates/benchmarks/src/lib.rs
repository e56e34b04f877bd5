//! What the benchmarks share: their goals, Valgrind's counters, the functions' processes, and servers that play Lambda and AWS for them.

pub mod channel;
pub mod goals;
pub mod http;
pub mod keep_alive;
pub mod lambda;
pub mod process;
pub mod random;
pub mod valgrind;

/// The error of every part of a benchmark.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
