//! The sections of documents that tests read.

use std::fs;
use std::path::Path;

use crate::support::{SECTIONS, Section, root};

#[test]
fn every_section_stands_in_its_document() {
    let missing: Vec<_> =
        SECTIONS.iter().filter_map(|(name, document)| Section::read(Path::new(document), name).err()).collect();
    assert!(missing.is_empty(), "{}", missing.join("\n"));
}

#[test]
fn every_comment_in_a_document_names_a_section() {
    let mut found = Vec::new();
    markdown(Path::new(""), &mut |document, text| {
        let names = text.lines().filter_map(|line| line.strip_prefix("<!-- test: ")?.strip_suffix(" -->"));
        found.extend(names.map(|name| (name.to_owned(), document.to_str().unwrap().to_owned())));
    });
    found.sort();
    let mut expected = SECTIONS.map(|(name, document)| (name.to_owned(), document.to_owned()));
    expected.sort();
    assert_eq!(found, expected);
}

/// Reads every Markdown file below a folder of the repository.
fn markdown(folder: &Path, read: &mut impl FnMut(&Path, &str)) {
    for entry in fs::read_dir(root().join(folder)).unwrap() {
        let entry = entry.unwrap();
        let path = folder.join(entry.file_name());
        let hidden = entry.file_name().to_str().unwrap().starts_with('.');
        if entry.file_type().unwrap().is_dir() {
            if !hidden && entry.file_name() != "target" {
                markdown(&path, read);
            }
        } else if path.extension().is_some_and(|extension| extension == "md") {
            read(&path, &fs::read_to_string(root().join(&path)).unwrap());
        }
    }
}
