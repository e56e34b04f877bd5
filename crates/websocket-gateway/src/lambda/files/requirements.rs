//! The packages that a `requirements.txt` asks for.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The packages of the file that are in none of the folders in which Python looks for them. What is only asked for on some machines is left out.
pub(super) fn missing(file: &Path, folders: impl Iterator<Item = PathBuf>) -> Vec<String> {
    let wanted: Vec<_> = fs::read_to_string(file).unwrap_or_default().lines().filter_map(package).collect();
    if wanted.is_empty() {
        return wanted;
    }
    let entries = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    let installed: BTreeSet<_> = entries.map(|entry| distribution(&entry.file_name().to_string_lossy())).collect();
    wanted.into_iter().filter(|name| !installed.contains(&normal(name))).collect()
}

/// The package that a line asks for.
/// Source: pip's documentation, "Requirements File Format" and PEP 508.
fn package(line: &str) -> Option<String> {
    let line = line.split(" #").next()?.trim();
    let end = line.find(|next: char| !next.is_ascii_alphanumeric() && !"-_.".contains(next)).unwrap_or(line.len());
    let (name, rest) = line.split_at(end);
    let is_name = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    let is_for_all_machines = !rest.contains(';');
    let is_requirement = rest.is_empty() || rest.starts_with(|next| " [=<>!~@".contains(next));
    (is_name && is_for_all_machines && is_requirement).then(|| name.to_owned())
}

/// The package to which a file or a folder among the installed packages belongs: what pip notes of it, `requests-2.32.3.dist-info`, or a module.
fn distribution(entry: &str) -> String {
    let stem = entry.strip_suffix(".py").unwrap_or(entry);
    let notes = [".dist-info", ".egg-info"].into_iter().find_map(|suffix| stem.strip_suffix(suffix));
    normal(notes.map_or(stem, |notes| notes.split('-').next().unwrap_or(notes)))
}

/// One spelling for the names that pip takes for the same.
fn normal(name: &str) -> String {
    name.to_ascii_lowercase().replace(['_', '.'], "-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_may_have_more_than_a_name() {
        for (line, name) in [
            ("requests", Some("requests")),
            ("  PyJWT[crypto]>=2.8,<3  # tokens", Some("PyJWT")),
            ("ruamel.yaml==0.18", Some("ruamel.yaml")),
            ("private @ https://example.com/private.whl", Some("private")),
            ("tomli; python_version < '3.11'", None),
            ("# nothing", None),
            ("-r other.txt", None),
            ("    --hash=sha256:00", None),
            ("git+https://example.com/repository", None),
            ("./local", None),
            ("", None),
        ] {
            assert_eq!(package(line).as_deref(), name, "{line}");
        }
    }

    #[test]
    fn what_is_installed_has_many_spellings() {
        for (entry, name) in [
            ("python_dateutil-2.9.0.post0.dist-info", "python-dateutil"),
            ("PyJWT-2.8.0.dist-info", "pyjwt"),
            ("old.egg-info", "old"),
            ("six.py", "six"),
            ("ruamel.yaml-0.18.dist-info", "ruamel-yaml"),
            ("boto3", "boto3"),
        ] {
            assert_eq!(distribution(entry), name, "{entry}");
        }
    }
}
