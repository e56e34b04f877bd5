//! Packages that Lambda brings along for Node.js, and this machine does not.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::tree;
use crate::api::{Code, Runtime};
use crate::lambda::Program;

/// The largest file that is searched for the names of packages. What bundlers write may have everything in it.
const SEARCHED_BYTES: u64 = 1024 * 1024;

/// How many files of a function are searched.
const SEARCHED_FILES: usize = 1000;

/// The warning that names what is missing for all these functions, and the one command that installs it where all of them find it.
pub(super) fn warning(programs: &[Program]) -> Option<String> {
    let mut missing = BTreeSet::new();
    let mut place: Option<PathBuf> = None;
    for program in programs {
        let Code::Files(files) = &program.function.code else { continue };
        let (Runtime::NodeJs { major }, Some(directory)) = (files.runtime, &program.directory) else { continue };
        let of_function = missing_in(directory, major);
        if !of_function.is_empty() {
            place = Some(place.map_or(directory.clone(), |place| shared(&place, directory)));
            missing.extend(of_function);
        }
    }
    let names: Vec<_> = missing.iter().map(String::as_str).collect();
    Some(format!(
        "Lambda brings `{}` along, this machine does not: run `npm install --no-save --prefix {} {}`",
        names.join("`, `"),
        place?.display(),
        names.join(" ")
    ))
}

/// The packages that the code in a directory names, and that are in none of the folders in which Node.js looks for them.
fn missing_in(directory: &Path, major: u32) -> BTreeSet<String> {
    let is_searched = |file: &PathBuf| {
        let is_code =
            file.extension().is_some_and(|extension| ["js", "mjs", "cjs"].iter().any(|known| extension == *known));
        is_code && file.metadata().is_ok_and(|found| found.len() <= SEARCHED_BYTES)
    };
    let mut missing = BTreeSet::new();
    for file in tree::code_in(directory).filter(is_searched).take(SEARCHED_FILES) {
        let text = fs::read_to_string(&file).unwrap_or_default();
        let is_missing =
            |name: &String| !file.ancestors().any(|folder| folder.join("node_modules").join(name).is_dir());
        missing.extend(named_in(&text, major).filter(is_missing));
    }
    missing
}

/// The packages of AWS's SDK that a text has in quotes.
/// Source: AWS Lambda developer guide, "Building Lambda functions with Node.js": runtime-included SDK versions.
fn named_in(text: &str, major: u32) -> impl Iterator<Item = String> {
    let quoted = text.split(['"', '\'', '`']).skip(1);
    quoted.filter_map(move |text| {
        let package = match text.strip_prefix("@aws-sdk/") {
            Some(rest) if major >= 18 => format!("@aws-sdk/{}", rest.split('/').next()?),
            None if major < 18 && text.split('/').next() == Some("aws-sdk") => "aws-sdk".to_owned(),
            _ => return None,
        };
        let is_name = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"@/-".contains(&byte);
        (!package.ends_with('/') && package.bytes().all(is_name)).then_some(package)
    })
}

/// The directory that holds both.
fn shared(one: &Path, other: &Path) -> PathBuf {
    one.components().zip(other.components()).take_while(|(one, other)| one == other).map(|(part, _)| part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_named_in_quotes() {
        let text = r#"
            import { DynamoDBClient } from "@aws-sdk/client-dynamodb"; // not @aws-sdk/client-sqs
            const { x } = require('@aws-sdk/util-dynamodb/dist-cjs'), y = `@aws-sdk/${name}`;
            require('aws-sdk/clients/s3');
        "#;
        assert_eq!(named_in(text, 20).collect::<Vec<_>>(), ["@aws-sdk/client-dynamodb", "@aws-sdk/util-dynamodb"]);
        assert_eq!(named_in(text, 16).collect::<Vec<_>>(), ["aws-sdk"]);
    }

    #[test]
    fn a_shared_directory_holds_both() {
        assert_eq!(shared(Path::new("/a/b/c"), Path::new("/a/b/d/e")), Path::new("/a/b"));
        assert_eq!(shared(Path::new("/a/b"), Path::new("/a/b")), Path::new("/a/b"));
    }
}
