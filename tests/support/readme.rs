use std::fs;

use super::root;

/// A section of README.md.
pub(crate) struct Section(String);

impl Section {
    pub(crate) fn called(heading: &str) -> Self {
        let readme = fs::read_to_string(root().join("README.md")).unwrap();
        let (_, section) = readme.split_once(&format!("\n## {heading}\n")).unwrap();
        Self(section.split_once("\n## ").map_or(section, |(section, _)| section).to_owned())
    }

    /// The code block that follows these words.
    pub(crate) fn code_after(&self, words: &str) -> &str {
        let (_, rest) = self.0.split_once(words).unwrap_or_else(|| panic!("README does not say {words}"));
        let (_, rest) = rest.split_once("\n```").unwrap();
        // The first line names the language.
        let (_, code) = rest.split_once('\n').unwrap();
        code.split_once("```\n").unwrap().0
    }
}
