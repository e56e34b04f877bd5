use std::path::Path;

/// Asserts that a file is as a test would write it. With `UPDATE=1` the test writes it instead.
///
/// `tests` is the filter that names the test, for the command in the message.
pub(crate) fn assert_is_up_to_date(file: &Path, expected: &str, tests: &str) {
    if std::fs::read_to_string(file).unwrap_or_default() == expected {
        return;
    }
    let name = file.canonicalize().unwrap_or_else(|_| file.to_owned());
    let name = name.display();
    let update = std::env::var("UPDATE").is_ok_and(|value| value == "1");
    assert!(update, "{name} is out of date. To write it again: UPDATE=1 cargo test -p system-tests {tests}");
    std::fs::write(file, expected).unwrap_or_else(|error| panic!("{name}: {error}"));
}
