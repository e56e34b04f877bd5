//! The documents that are written from the table: `README.md` beside it has all rows, the section `differences` those where the gateway
//! differs.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use super::THEMES;
use super::row::{Confidence, Row, folder, rows};
use crate::support::{Section, assert_is_up_to_date, root};

const HEAD: &str = "# What the local gateway does as API Gateway does

<!-- Written from the files beside it: UPDATE=1 cargo test -p system-tests conformance::readme -->

*Documented* means by AWS, *observed* means on AWS and described in public. A *guess* is not known outside AWS. Rows *by the clock* need time to pass. They are left out
on AWS, where a test can't move the clock.

```
cargo test -p system-tests conformance -- --nocapture
```

runs the table against a gateway and prints the outcome of each row. Nobody has run it against AWS yet. With an AWS account, the SAM CLI and cargo-lambda, this does:

```
tests/conformance/on-aws
```

It says what it will do and what that costs (less than a cent), and asks. Then it deploys [template.yaml](template.yaml), runs each row that needs neither a moved clock nor a
test of its own, prints where AWS differs from a row, guesses first, and removes what it has deployed. Reports of what it printed are welcome.
";

fn table() -> String {
    let mut text = HEAD.to_owned();
    for theme in THEMES {
        write!(text, "\n## {}\n\n| rule | known | here |\n|---|---|---|\n", theme.replace('-', " ")).unwrap();
        for row in rows(theme) {
            writeln!(text, "| {} | {} | {} |", row.rule, known(&row), here(&row)).unwrap();
        }
    }
    text
}

fn differences() -> String {
    let mut text = "\n| API Gateway | the gateway |\n|---|---|\n".to_owned();
    for row in THEMES.iter().flat_map(|theme| rows(theme)) {
        if let Some(no) = &row.no {
            writeln!(text, "| {} | {no} |", row.rule).unwrap();
        }
    }
    text + "\n"
}

fn known(row: &Row) -> String {
    let how = match row.confidence {
        Confidence::Documented => "documented",
        Confidence::Observed => "observed",
        Confidence::Guess => "guess",
    };
    let sources: Vec<_> = row.source.iter().map(|source| link(source)).collect();
    if sources.is_empty() { how.to_owned() } else { format!("{how}: {}", sources.join(", ")) }
}

fn here(row: &Row) -> String {
    let here = match (&row.no, &row.test) {
        (Some(no), _) => format!("**no**: {no}"),
        (None, Some(test)) => format!("yes, [a test](../../{})", file_of(test).unwrap()),
        (None, None) if row.clock => "yes, by the clock".to_owned(),
        (None, None) => "yes".to_owned(),
    };
    row.note.as_ref().map_or(here.clone(), |note| format!("{here}; {note}"))
}

/// The file that a test stands in, as a path below the root of the repository.
fn file_of(test: &str) -> Result<String, String> {
    static SOURCES: LazyLock<Vec<(PathBuf, String)>> =
        LazyLock::new(|| ["crates", "tests"].iter().flat_map(|folder| sources(&root().join(folder))).collect());
    let signature = format!("fn {test}()");
    let mut files = SOURCES.iter().filter(|(_, text)| text.contains(&signature)).map(|(file, _)| file);
    let file = files.next().ok_or_else(|| format!("there is no test {test}"))?;
    match files.next() {
        Some(other) => Err(format!("{test} stands in {} and in {}", file.display(), other.display())),
        None => Ok(file.strip_prefix(root()).unwrap().to_str().unwrap().to_owned()),
    }
}

/// The Rust files below a folder, with their texts.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.flat_map(|path| match path.extension() {
        _ if path.is_dir() => sources(&path),
        Some(extension) if extension == "rs" => vec![(path.clone(), std::fs::read_to_string(&path).unwrap())],
        _ => Vec::new(),
    });
    files.collect()
}

fn link(source: &str) -> String {
    if let Some(page) = source.strip_prefix("guide/") {
        return format!("[guide](https://docs.aws.amazon.com/apigateway/latest/developerguide/{page}.html)");
    }
    if source.starts_with("https://") {
        let host = source.split('/').nth(2).unwrap();
        return format!("[{host}]({source})");
    }
    match source.split_once('#') {
        Some((repository, number)) => format!("[{source}](https://github.com/{repository}/issues/{number})"),
        None => source.to_owned(),
    }
}

#[test]
fn the_documents_say_what_the_table_says() {
    const TESTS: &str = "conformance::readme";
    assert_is_up_to_date(&folder().join("README.md"), &table(), TESTS);
    let section = Section::named("differences");
    assert_is_up_to_date(section.document(), &section.document_with(&differences()), TESTS);
}

#[test]
fn each_row_runs_or_says_what_stands_for_it() {
    for theme in THEMES {
        for row in rows(theme) {
            let ways = [!row.steps.is_empty(), row.test.is_some(), row.no.is_some()];
            assert_eq!(ways.iter().filter(|way| **way).count(), 1, "{}", row.rule);
            assert!(row.confidence == Confidence::Guess || !row.source.is_empty(), "{}: no source", row.rule);
            if let Some(test) = &row.test {
                file_of(test).unwrap_or_else(|why| panic!("{}: {why}", row.rule));
            }
        }
    }
}

#[test]
fn every_file_is_a_theme() {
    let entries = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    let files = entries.filter(|file| file.extension().is_some_and(|extension| extension == "yaml"));
    let mut themes: Vec<_> = files.map(|file| file.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    themes.retain(|theme| theme != "template");
    themes.sort();
    let mut expected = THEMES.to_vec();
    expected.sort_unstable();
    assert_eq!(themes, expected);
}
