//! Changes of a tree's structure.

use crate::Tree;
use crate::random::Random;

/// What parsers stumble over. They are written as they are, also those that are not JSON.
const ODD_VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "1",
    "0.5",
    "1e999",
    "1E-5",
    "255",
    "256",
    "65535",
    "65536",
    "2147483648",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "100000000000000000000000000000000",
    "{}",
    "[]",
    "\"\"",
    r#""\ud83d""#,
    r#""\u0000""#,
    r#"{"a":1,"a":2}"#,
    "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
    "NaN",
];

/// What readers of text stumble over.
const ODD_TEXTS: &[&str] = &[
    "",
    " ",
    "\n",
    "\r\n",
    "\t",
    "\0",
    "\u{1b}[2J",
    "\u{7f}",
    "\u{85}",
    "\u{a0}",
    "\u{2028}",
    "\u{feff}",
    "\u{200b}",
    "\u{202e}",
    "é",
    "e\u{301}",
    "ß",
    "İ",
    "ﬀ",
    "日本",
    "🦀",
    "👩‍👩‍👧",
    "\u{10ffff}",
    "\u{fffd}",
    "%",
    "%00",
    "%2F",
    "%25",
    "%zz",
    "+",
    "=",
    "==",
    "*",
    "?",
    "**",
    "$",
    "${",
    "}",
    "${}",
    "$$",
    "\\",
    "\\$",
    "\"",
    "'",
    "`",
    "/",
    "//",
    "../",
    ".",
    "..",
    ",",
    ";",
    ":",
    "::",
    "|",
    "#",
    "@",
    "[",
    "]",
    "[0]",
    "[18446744073709551616]",
    "{",
    "-",
    "--",
    "!",
    "&",
    "~",
    "<",
    ">",
    "0",
    "-1",
    "1e9",
    "true",
    "null",
];

/// The lengths of long texts: around the powers of two where buffers and limits end.
const LENGTHS: &[usize] = &[63, 64, 65, 127, 128, 129, 255, 256, 257, 1023, 1024, 1025, 4095, 4096, 4097];

/// How deep a nested value becomes. Libraries allow 128 levels, the template reader 100.
const DEPTHS: &[usize] = &[10, 99, 100, 101, 127, 128, 129, 300];

pub(crate) struct Mutation<'m> {
    pub(crate) random: &'m mut Random,
    /// Keys and texts of the samples.
    pub(crate) words: &'m [String],
    /// Trees to take parts of.
    pub(crate) others: &'m [Tree],
}

impl Mutation<'_> {
    /// Changes one thing, and sometimes several.
    pub(crate) fn mutate(&mut self, tree: &mut Tree) {
        loop {
            self.mutate_once(tree);
            if !self.random.once_in(3) {
                return;
            }
        }
    }

    fn mutate_once(&mut self, tree: &mut Tree) {
        let number = self.random.below(tree.count());
        let donor = if self.random.once_in(2) { self.random.pick(self.others).cloned() } else { Some(tree.clone()) };
        let Some(node) = tree.node_mut(number) else { return };
        if !self.random.once_in(4) && self.mutate_entries(node, donor.as_ref()) {
            return;
        }
        match node {
            Tree::Text(text) if !self.random.once_in(3) => self.mutate_text(text),
            Tree::Raw(number) if self.random.once_in(2) => self.mutate_number(number),
            _ => self.replace(node, donor),
        }
    }

    /// Changes which entries a map or a list has. False if there is nothing to change.
    fn mutate_entries(&mut self, node: &mut Tree, donor: Option<&Tree>) -> bool {
        match node {
            Tree::Map(entries) => {
                let at = self.random.below(entries.len());
                match self.random.below(7) {
                    0 if !entries.is_empty() => drop(entries.remove(at)),
                    1 if !entries.is_empty() => entries.push(entries[at].clone()),
                    2 if !entries.is_empty() => entries[at].0 = self.word(),
                    3 if !entries.is_empty() => self.mutate_text(&mut entries[at].0),
                    4 if entries.len() > 1 => {
                        // The key stays where it is.
                        let other = self.random.below(entries.len());
                        let value = entries[at].1.clone();
                        entries[at].1 = std::mem::replace(&mut entries[other].1, value);
                    }
                    5 if entries.len() > 1 => {
                        let other = self.random.below(entries.len());
                        entries.swap(at, other);
                    }
                    _ => {
                        // An entry of another map, or a value under some word.
                        let donated = donor.and_then(|donor| self.part_of(donor));
                        match donated {
                            Some(Tree::Map(others)) if !others.is_empty() => {
                                entries.push(others[self.random.below(others.len())].clone());
                            }
                            Some(other) => entries.push((self.word(), other)),
                            None => entries.push((self.word(), self.odd_value())),
                        }
                    }
                }
                true
            }
            Tree::List(items) => {
                let at = self.random.below(items.len());
                match self.random.below(5) {
                    0 if !items.is_empty() => drop(items.remove(at)),
                    1 if !items.is_empty() => items.insert(at, items[at].clone()),
                    2 if items.len() > 1 => {
                        let other = self.random.below(items.len());
                        items.swap(at, other);
                    }
                    // A longer part of it once more: what repeats finds what runs full.
                    3 if !items.is_empty() && items.len() < 256 => items.extend_from_within(at..),
                    _ => {
                        let item = match donor.and_then(|donor| self.part_of(donor)) {
                            Some(Tree::List(others)) if !others.is_empty() => {
                                others[self.random.below(others.len())].clone()
                            }
                            Some(other) => other,
                            None => self.odd_value(),
                        };
                        items.insert(at, item);
                    }
                }
                true
            }
            _ => false,
        }
    }

    fn part_of(&mut self, tree: &Tree) -> Option<Tree> {
        tree.node(self.random.below(tree.count())).cloned()
    }

    /// Puts another value in a value's place, or the value into another type.
    fn replace(&mut self, node: &mut Tree, donor: Option<Tree>) {
        let value = std::mem::replace(node, Tree::Raw("null".to_owned()));
        *node = match (self.random.below(8), value, donor) {
            (0, value, _) => Tree::List(vec![value]),
            (1, value, _) => Tree::Map(vec![(self.word(), value)]),
            (2, Tree::List(items), _) if !items.is_empty() => items[self.random.below(items.len())].clone(),
            (2, Tree::Map(entries), _) if !entries.is_empty() => entries[self.random.below(entries.len())].1.clone(),
            (2, Tree::Raw(number), _) => Tree::Text(number),
            (2, Tree::Text(text), _) if text.parse::<f64>().is_ok_and(f64::is_finite) => Tree::Raw(text),
            (3, value, _) => Tree::Text(value.to_json()),
            (4, ..) => Tree::Text(self.word()),
            (5 | 6, _, Some(donor)) => self.part_of(&donor).unwrap_or(Tree::Raw("null".to_owned())),
            (7, value, _) if self.random.once_in(8) => {
                let depth = self.random.one_of(DEPTHS);
                (0..depth).fold(value, |inner, _| Tree::List(vec![inner]))
            }
            _ => self.odd_value(),
        };
    }

    fn odd_value(&mut self) -> Tree {
        if self.random.once_in(3) {
            Tree::Text(self.word())
        } else {
            Tree::Raw(self.random.one_of(ODD_VALUES).to_owned())
        }
    }

    fn word(&mut self) -> String {
        let odd = self.random.once_in(6);
        match self.random.pick(self.words) {
            Some(word) if !odd => word.clone(),
            _ => self.random.one_of(ODD_TEXTS).to_owned(),
        }
    }

    fn mutate_number(&mut self, number: &mut String) {
        let step = self.random.one_of(&[1_i128, -1, 2, -2, 10, 100, 1000, -1000]);
        *number = match number.parse::<i128>() {
            Ok(value) if self.random.once_in(4) => value.saturating_mul(step).to_string(),
            Ok(value) => value.saturating_add(step).to_string(),
            Err(_) => self.random.one_of(ODD_VALUES).to_owned(),
        };
    }

    fn mutate_text(&mut self, text: &mut String) {
        // JSON within JSON: a message's body, an answer's body.
        if text.starts_with(['{', '['])
            && !self.random.once_in(4)
            && let Some(mut inner) = Tree::of_json(text)
        {
            self.mutate_once(&mut inner);
            *text = inner.to_json();
            return;
        }
        let place = |random: &mut Random, text: &str| {
            let mut at = random.below(text.len() + 1);
            while !text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let (a, b) = (place(self.random, text), place(self.random, text));
        let (start, end) = (a.min(b), a.max(b));
        match self.random.below(10) {
            0 => drop(text.drain(start..end)),
            1 => text.truncate(start),
            2 if text.len() < 4096 => {
                let part = text[start..end].to_owned();
                text.insert_str(start, &part);
            }
            3 => text.insert_str(start, self.random.one_of(ODD_TEXTS)),
            4 => text.replace_range(start..end, self.random.one_of(ODD_TEXTS)),
            5 => {
                let word = self.word();
                text.insert_str(start, &word);
            }
            6 => *text = self.word(),
            7 if self.random.once_in(3) => {
                let unit = if self.random.once_in(2) { "x" } else { self.random.one_of(ODD_TEXTS) };
                let length = self.random.one_of(LENGTHS);
                text.insert_str(start, &unit.repeat(length / unit.len().max(1)));
            }
            8 => {
                *text = text
                    .chars()
                    .map(|c| if c.is_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() })
                    .collect();
            }
            // libFuzzer's own changes, which know what the code has compared its input with.
            _ => {
                let mut bytes = text.as_bytes().to_vec();
                let size = bytes.len();
                bytes.resize(size + 16, 0);
                let most = bytes.len();
                let size = libfuzzer_sys::fuzzer_mutate(&mut bytes, size, most);
                bytes.truncate(size);
                *text = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
    }
}
