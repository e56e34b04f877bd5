//! Errors as text, for the log and for clients.

use std::error::Error;

pub(crate) type BoxError = Box<dyn Error + Send + Sync>;

/// An error and all its sources, in one line.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

/// The longest text that is shown to a client or written into the log, in characters.
const LONGEST_TEXT: usize = 500;

/// Makes a text safe to show. It may quote what a client sent, which may be long and may look like a log line.
pub(crate) fn presentable(text: &str) -> String {
    let line = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter });
    let mut line: String = line.take(LONGEST_TEXT + 1).collect();
    if let Some((end, _)) = line.char_indices().nth(LONGEST_TEXT) {
        line.replace_range(end.., "…");
    }
    line
}
