//! Functions as real processes, and real builds with cargo.

mod build;
mod processes;

use std::path::{Path, PathBuf};

/// A directory of its own for one test, beside what cargo builds.
fn scratch(name: &str) -> PathBuf {
    let directory = built().with_file_name("tmp").join(name);
    std::fs::create_dir_all(&directory).unwrap();
    directory
}

/// `target/debug`: this test runs in its `deps`.
fn built() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().and_then(Path::parent).unwrap().to_owned()
}
