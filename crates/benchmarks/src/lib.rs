//! What the benchmarks share: Valgrind's counters, and servers that play Lambda and AWS for one process.

pub mod http;
pub mod lambda;
pub mod valgrind;

/// What any part of a benchmark can end with.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
