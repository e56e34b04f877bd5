//! Samples are files of the repository, which other tests keep valid, and what a target writes down itself.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{Tree, yaml};

/// An input to start from.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Where it comes from.
    pub name: String,
    pub text: String,
    /// Whether the target must accept it.
    pub good: bool,
}

impl Sample {
    pub fn good(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { name: text.clone(), text, good: true }
    }

    pub fn bad(text: impl Into<String>) -> Self {
        Self { good: false, ..Self::good(text) }
    }
}

/// A path in the repository.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The files of a directory whose names end with `ending`.
pub fn files(directory: &str, ending: &str, good: bool) -> Vec<Sample> {
    let directory = repository(directory);
    let entries = fs::read_dir(&directory).unwrap_or_else(|error| panic!("{}: {error}", directory.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    assert!(!paths.is_empty(), "no samples in {}", directory.display());
    paths.iter().map(|path| Sample { name: path.display().to_string(), text: text_of(path), good }).collect()
}

/// One file.
pub fn file(path: &str, good: bool) -> Sample {
    Sample { name: path.to_owned(), text: text_of(&repository(path)), good }
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The events that the core reads.
pub fn events() -> Vec<Sample> {
    let invalid =
        [files("events/invalid", ".json", false), files("tests/example/authorizer-events/invalid", ".json", false)];
    let valid = [files("events", ".json", true), files("tests/example/authorizer-events", ".json", true)];
    valid.into_iter().chain(invalid).flatten().filter(|sample| sample.text.len() < 8192).collect()
}

/// Templates that the gateway serves, and some that it refuses until it is told which API to serve, or with which parameters.
pub fn templates() -> Vec<Sample> {
    let mut templates = vec![
        file("template.yaml", true),
        file("tests/conformance/template.yaml", false),
        file("crates/websocket-gateway/benches/gateway/default.yaml", true),
        file("tests/fuzz/socket.yaml", true),
    ];
    // One has several APIs, and one has a parameter without a default.
    let asks = |name: &str| ["authorizers.yaml", "gated.yaml"].iter().any(|known| name.ends_with(known));
    for template in files("tests/templates", ".yaml", false) {
        templates.push(Sample { good: !asks(&template.name), ..template });
    }
    templates
}

/// The parts of the templates for which `wanted` is true of their key.
pub fn parts_of_templates(wanted: impl Fn(&str) -> bool) -> Vec<Tree> {
    let mut parts = Vec::new();
    for template in templates() {
        collect(&yaml::read(&template.text).expect("a template is YAML"), &wanted, &mut parts);
    }
    parts
}

fn collect(tree: &Tree, wanted: &impl Fn(&str) -> bool, parts: &mut Vec<Tree>) {
    if let Tree::Map(entries) = tree {
        parts.extend(entries.iter().filter(|(key, _)| wanted(key)).map(|(_, value)| value.clone()));
    }
    tree.children().for_each(|child| collect(child, wanted, parts));
}
