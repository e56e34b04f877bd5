//! Text from outside, as a terminal or a log may show it.

use std::fmt::{self, Display, Write};

/// A text from outside, for a person to read: its `Display` escapes what could control a terminal, or make a text look like something else.
///
/// Control characters become visible (`\n`, `\u{1b}`), and so do characters that have no width or change the direction of writing.
/// Tabs and all other characters stay as they are.
///
/// ```
/// use websocket_gateway::Visible;
///
/// let forged = "oops\n\u{1b}[2Jerror: all your base";
/// assert_eq!(Visible::line(forged).to_string(), r"oops\n\u{1b}[2Jerror: all your base");
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use = "it does nothing until it is shown"]
pub struct Visible<'a> {
    text: &'a str,
    several_lines: bool,
    colours: Colours,
}

/// What happens to the sequences that set colours and the like: `ESC[…m`.
#[derive(Clone, Copy, Debug)]
enum Colours {
    Escaped,
    Kept,
    Removed,
}

const ESCAPE: char = '\u{1b}';

impl<'a> Visible<'a> {
    /// On one line: line ends are escaped, too.
    pub fn line(text: &'a str) -> Self {
        Self { text, several_lines: false, colours: Colours::Escaped }
    }

    /// On as many lines as it has.
    pub fn lines(text: &'a str) -> Self {
        Self { several_lines: true, ..Self::line(text) }
    }

    /// With its colours, which end where it ends: for the log of a function on a terminal. Without this they are escaped.
    pub fn with_colours(self) -> Self {
        Self { colours: Colours::Kept, ..self }
    }

    /// Without its colours, as if the program that wrote it had known that it does not write to a terminal.
    pub fn without_colours(self) -> Self {
        Self { colours: Colours::Removed, ..self }
    }
}

impl Display for Visible<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_hidden = |character| is_hidden(character) && !(self.several_lines && character == '\n');
        let (mut rest, mut coloured) = (self.text, false);
        while let Some(at) = rest.find(is_hidden) {
            f.write_str(&rest[..at])?;
            rest = &rest[at..];
            let Some(character) = rest.chars().next() else { break };
            let colour = match self.colours {
                Colours::Escaped => None,
                Colours::Kept | Colours::Removed => colour(rest),
            };
            match (colour, self.colours) {
                (Some(colour), Colours::Kept) => {
                    f.write_str(colour)?;
                    coloured = !matches!(colour, "\u{1b}[m" | "\u{1b}[0m");
                }
                (Some(_), _) => {}
                (None, _) => write!(f, "{}", character.escape_default())?,
            }
            rest = &rest[colour.map_or(character.len_utf8(), str::len)..];
        }
        f.write_str(rest)?;
        if coloured { f.write_str("\u{1b}[0m") } else { Ok(()) }
    }
}

/// What is written to it is shown as [`Visible::line`] shows it.
pub(crate) struct OneLine<'a, 'f>(pub(crate) &'a mut fmt::Formatter<'f>);

impl Write for OneLine<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        Visible::line(text).fmt(self.0)
    }
}

/// The sequence for colours with which a text starts.
fn colour(text: &str) -> Option<&str> {
    let parameters = text.strip_prefix(ESCAPE)?.strip_prefix('[')?;
    let end = parameters.find(|character: char| !character.is_ascii_digit() && !";:".contains(character))?;
    parameters[end..].starts_with('m').then(|| &text[..end + 3])
}

/// Whether a terminal obeys a character instead of showing it, or shows nothing, or shows what follows elsewhere. What joins characters to
/// one (U+200C, U+200D) is ordinary text: emoji and some scripts need it.
fn is_hidden(character: char) -> bool {
    match character {
        '\t' => false,
        // Zero-width space and no-break space, and the ends of lines and paragraphs.
        '\u{200b}' | '\u{feff}' | '\u{2028}' | '\u{2029}' => true,
        // Embeddings, overrides and isolates of the direction of writing, and invisible operators.
        '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}' => true,
        character => character.is_control(),
    }
}

/// JSON that a terminal may show, with the same meaning: such characters stand only in its texts, and are escaped in JSON's own way.
#[must_use]
pub fn visible_json(json: &str) -> String {
    let mut visible = String::with_capacity(json.len());
    for character in json.chars() {
        if is_hidden(character) && character != '\n' {
            // Writing to a String does not fail.
            let _ = write!(visible, "\\u{:04x}", u32::from(character));
        } else {
            visible.push(character);
        }
    }
    visible
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_controls_the_terminal_or_begins_a_line() {
        for (text, expected) in [
            ("a\nb\r\nc", r"a\nb\r\nc"),
            ("\u{1b}[2J\u{1b}]0;title\u{7}\0", r"\u{1b}[2J\u{1b}]0;title\u{7}\u{0}"),
            ("\u{7f}\u{9b}2J\u{85}", r"\u{7f}\u{9b}2J\u{85}"),
            ("a\u{202e}b\u{2066}c\u{2029}", r"a\u{202e}b\u{2066}c\u{2029}"),
            ("a\u{200b}\u{feff}\u{2060}", r"a\u{200b}\u{feff}\u{2060}"),
            ("\u{1b}[31mred\u{1b}[0m", r"\u{1b}[31mred\u{1b}[0m"),
            ("\u{1b}", r"\u{1b}"),
        ] {
            assert_eq!(Visible::line(text).to_string(), expected);
        }
        assert_eq!(Visible::lines("a\n\u{1b}[Ab\r\n").to_string(), "a\n\\u{1b}[Ab\\r\n");
    }

    #[test]
    fn ordinary_text_stays_as_it_is() {
        for text in [
            "",
            "a\tb",
            r#"C:\x "quoted" 'it'"#,
            "grüße, Ελλάδα, 日本語, עברית, فارسی\u{200c}ها",
            "👩\u{200d}💻 🏳️‍🌈 e\u{301}",
        ] {
            assert_eq!(Visible::line(text).to_string(), text);
            assert_eq!(Visible::line(&Visible::line(text).to_string()).to_string(), text);
        }
    }

    #[test]
    fn colours_are_kept_or_removed_and_nothing_else_is() {
        for (text, kept, removed) in [
            ("\u{1b}[1;31mred\u{1b}[0m.", "\u{1b}[1;31mred\u{1b}[0m.", "red."),
            ("\u{1b}[38:5:1mred\u{1b}[m", "\u{1b}[38:5:1mred\u{1b}[m", "red"),
            // Ended, so that the next line has no colours.
            ("\u{1b}[31mred", "\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}[2J\u{1b}[31", r"\u{1b}[2J\u{1b}[31", r"\u{1b}[2J\u{1b}[31"),
            ("\u{1b}[3\u{1b}[1mx\r", "\\u{1b}[3\u{1b}[1mx\\r\u{1b}[0m", r"\u{1b}[3x\r"),
            ("\u{1b}[?1m\u{1b}[>4;2m", r"\u{1b}[?1m\u{1b}[>4;2m", r"\u{1b}[?1m\u{1b}[>4;2m"),
        ] {
            assert_eq!(Visible::line(text).with_colours().to_string(), kept);
            assert_eq!(Visible::line(&Visible::line(text).with_colours().to_string()).with_colours().to_string(), kept);
            assert_eq!(Visible::line(text).without_colours().to_string(), removed);
        }
    }

    #[test]
    fn json_stays_the_same_json() {
        let value = serde_json::json!({ "a": "x\u{1b}[2J\u{9b}2J\u{7f}\u{202e}\n", "b": ["é👩\u{200d}💻"] });
        for json in [value.to_string(), serde_json::to_string_pretty(&value).unwrap()] {
            let visible = visible_json(&json);
            assert!(!visible.chars().any(|character| is_hidden(character) && character != '\n'), "{visible}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&visible).unwrap(), value);
        }
        assert_eq!(visible_json(r#"{"a":"é"}"#), r#"{"a":"é"}"#);
    }
}
