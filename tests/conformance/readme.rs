//! What a reader sees of the table: `README.md` beside it has all rows, the project's has those where the gateway differs.

use std::fmt::Write;
use std::path::Path;

use super::THEMES;
use super::row::{Confidence, Row, folder, rows};
use crate::support::root;

const HEAD: &str = "# What the local gateway does as API Gateway does

<!-- Written by the test `conformance::readme` from the files beside it. -->

*Documented*: by AWS. *Observed*: on AWS, in public. *Guess*: nobody outside AWS knows, and the gateway takes a side. Rows *by the clock* need time to pass and are
left out where the clock can't be moved, on AWS.

```
cargo test --workspace --test system conformance -- --nocapture
```

runs the table against a gateway. Against AWS, with credentials for the account that [template.yaml](template.yaml) is deployed to (the stack's outputs are the values):

```
sam build -t tests/conformance/template.yaml && sam deploy --stack-name conformance --resolve-s3 --capabilities CAPABILITY_IAM
export WS_CONFORMANCE_URL=wss://… WS_CONFORMANCE_URL_BARE=wss://… WS_CONFORMANCE_URL_STATIC=wss://… WS_CONFORMANCE_TABLE=…
cargo test --workspace --test system conformance -- --nocapture --test-threads 1
```
";

/// Between these lines of the project's README.
const DIFFERENCES: [&str; 2] = ["<!-- differences -->\n", "<!-- /differences -->"];

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
        (None, Some(test)) => format!("yes, [a test](../../{})", test.split("::").next().unwrap()),
        (None, None) if row.clock => "yes, by the clock".to_owned(),
        (None, None) => "yes".to_owned(),
    };
    row.note.as_ref().map_or(here.clone(), |note| format!("{here}; {note}"))
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

/// Writes what has changed, so that it only has to be committed. Whether nothing has.
fn is_already(file: &Path, expected: &str) -> bool {
    let same = std::fs::read_to_string(file).unwrap_or_default() == expected;
    if !same {
        std::fs::write(file, expected).unwrap();
    }
    same
}

#[test]
fn both_say_what_the_table_says() {
    let table_is = is_already(&folder().join("README.md"), &table());
    let file = root().join("README.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(DIFFERENCES[0]).unwrap();
    let (_, after) = rest.split_once(DIFFERENCES[1]).unwrap();
    let differences_are = is_already(&file, &[before, DIFFERENCES[0], &differences(), DIFFERENCES[1], after].concat());
    assert!(table_is && differences_are, "the READMEs did not say what the table says; they do now: commit them");
}

#[test]
fn each_row_runs_or_says_what_stands_for_it() {
    for theme in THEMES {
        for row in rows(theme) {
            let ways = [!row.steps.is_empty(), row.test.is_some(), row.no.is_some()];
            assert_eq!(ways.iter().filter(|way| **way).count(), 1, "{}", row.rule);
            assert!(row.confidence == Confidence::Guess || !row.source.is_empty(), "{}: no source", row.rule);
            if let Some(test) = &row.test {
                let (file, name) = test.split_once("::").unwrap();
                let text = std::fs::read_to_string(root().join(file)).unwrap_or_default();
                assert!(text.contains(&format!("fn {name}()")), "{}: no {test}", row.rule);
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
