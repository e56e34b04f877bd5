use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::root;

/// The sections of documents that tests read, each with the document it stands in. A section that moves is one line to change here.
///
/// In the document the section `name` stands between the comments `<!-- test: name -->` and `<!-- /test: name -->`.
pub(crate) const SECTIONS: [(&str, &str); 8] = [
    ("commands", "README.md"),
    ("own-api", "crates/websocket-gateway/docs/own-api.md"),
    ("add-a-route", "crates/websocket-gateway/docs/add-a-route.md"),
    ("test-your-api", "crates/websocket-gateway/docs/test-your-api.md"),
    ("authorizer", "crates/websocket-gateway/docs/who-may-connect.md"),
    ("options", "crates/websocket-gateway/docs/options.md"),
    ("differences", "crates/websocket-gateway/docs/parity.md"),
    ("rooms", "crates/lambda-websocket/docs/channels.md"),
];

/// A section of a document.
#[derive(Debug)]
pub(crate) struct Section {
    name: String,
    document: PathBuf,
    all: String,
    range: Range<usize>,
}

impl Section {
    /// A section of [`SECTIONS`].
    pub(crate) fn named(name: &str) -> Self {
        let place = SECTIONS.iter().find(|(known, _)| *known == name);
        let (_, document) = place.unwrap_or_else(|| panic!("add the section {name} to SECTIONS in {}", file!()));
        Self::read(Path::new(document), name).unwrap_or_else(|why| panic!("{why}"))
    }

    /// A section of the document at this path below the root of the repository.
    pub(crate) fn read(document: &Path, name: &str) -> Result<Self, String> {
        let path = root().join(document);
        let all = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", document.display()))?;
        let range = range(&all, name).map_err(|why| format!("{}: {why}", document.display()))?;
        Ok(Self { name: name.to_owned(), document: path, all, range })
    }

    pub(crate) fn text(&self) -> &str {
        &self.all[self.range.clone()]
    }

    pub(crate) fn document(&self) -> &Path {
        &self.document
    }

    /// The whole document, with another text in this section.
    pub(crate) fn document_with(&self, text: &str) -> String {
        [&self.all[..self.range.start], text, &self.all[self.range.end..]].concat()
    }

    /// The code block that follows these words.
    pub(crate) fn code_after(&self, words: &str) -> &str {
        let lacks = |what: &str| format!("{}: the section {} has no {what}", self.document.display(), self.name);
        let (_, rest) = self.text().split_once(words).unwrap_or_else(|| panic!("{}", lacks(&format!("{words:?}"))));
        first_code(rest).unwrap_or_else(|| panic!("{}", lacks(&format!("code block after {words:?}")))).0
    }

    /// All code blocks, in their order.
    pub(crate) fn code(&self) -> Vec<&str> {
        let mut rest = self.text();
        let next = std::iter::from_fn(|| {
            let (code, after) = first_code(rest)?;
            rest = after;
            Some(code)
        });
        next.collect()
    }
}

/// The first code block of a text, and what comes after it.
fn first_code(text: &str) -> Option<(&str, &str)> {
    let (_, block) = text.split_once("\n```")?;
    // The first line names the language.
    let (_, code) = block.split_once('\n')?;
    code.split_once("```\n")
}

/// Where the text of a section is in its document, after the line of its first comment.
fn range(document: &str, name: &str) -> Result<Range<usize>, String> {
    let [open, close] = [format!("<!-- test: {name} -->\n"), format!("<!-- /test: {name} -->\n")];
    let only = |comment: &str| match document.match_indices(comment).collect::<Vec<_>>()[..] {
        [(at, _)] => Ok(at),
        [] => Err(format!("the line {} is missing", comment.trim_end())),
        _ => Err(format!("the line {} is there more than once", comment.trim_end())),
    };
    let (start, end) = (only(&open)? + open.len(), only(&close)?);
    if start > end { Err(format!("the section {name} ends before it begins")) } else { Ok(start..end) }
}

#[test]
fn a_section_is_what_stands_between_its_comments() {
    let document = "before\n<!-- test: a -->\nin it\n<!-- /test: a -->\nafter\n<!-- test: b -->\n";
    assert_eq!(&document[range(document, "a").unwrap()], "in it\n");
    assert_eq!(range(document, "b").unwrap_err(), "the line <!-- /test: b --> is missing");
    assert_eq!(range(document, "c").unwrap_err(), "the line <!-- test: c --> is missing");
    let twice = document.repeat(2);
    assert_eq!(range(&twice, "a").unwrap_err(), "the line <!-- test: a --> is there more than once");
    let backwards = "<!-- /test: a -->\n<!-- test: a -->\n";
    assert_eq!(range(backwards, "a").unwrap_err(), "the section a ends before it begins");
}
