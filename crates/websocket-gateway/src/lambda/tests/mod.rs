//! Functions as real processes, and real builds with cargo.

pub(super) mod build;
mod by_hand;
mod concurrency;
mod executables;
mod languages;
mod node;
mod processes;
mod python;

use std::path::{Path, PathBuf};

/// A directory for one kind of tests, in cargo's target directory.
fn scratch(name: &str) -> PathBuf {
    let directory = built().with_file_name("tmp").join(name);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// `target/debug`. The tests themselves are in its folder `deps`.
fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().to_owned()
}
