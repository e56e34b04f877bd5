//! Expected texts and JSON with places for what is different each time: `<connectionId>`.

use std::collections::BTreeMap;

use serde_json::Value;

/// What places have stood for so far in a row. A name stands for the same text wherever it occurs.
#[derive(Clone, Default)]
pub(crate) struct Places(BTreeMap<String, String>);

/// These stand for something new in each frame and event, though for one thing within it.
const NEW_EACH_TIME: [&str; 6] = ["requestId", "messageId", "requestTime", "requestTimeEpoch", "traceId", "any"];

impl Places {
    pub(crate) fn set(&mut self, name: &str, text: impl Into<String>) {
        self.0.insert(name.to_owned(), text.into());
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Forgets what is new in the next frame or event.
    pub(crate) fn turn(&mut self) {
        self.0.retain(|name, _| !NEW_EACH_TIME.contains(&name.as_str()));
    }

    /// Puts what is known into a text.
    pub(crate) fn fill(&self, text: &str) -> String {
        self.0.iter().fold(text.to_owned(), |text, (name, value)| text.replace(&format!("<{name}>"), value))
    }

    /// Whether a text is as expected, to the byte but for its places.
    pub(crate) fn text(&mut self, expected: &str, seen: &str) -> Result<(), String> {
        let differ = || Err(format!("expected {expected:?}\n    seen {seen:?}"));
        let (mut expected, mut rest) = (expected, seen);
        while let Some((literal, name, after)) = next_place(expected) {
            let Some(from) = rest.strip_prefix(literal) else { return differ() };
            let end = match next_place(after).map_or(after, |(literal, ..)| literal) {
                "" => from.len(),
                literal => from.find(literal).unwrap_or(from.len()),
            };
            self.place(name, &from[..end])?;
            (expected, rest) = (after, &from[end..]);
        }
        if expected == rest { Ok(()) } else { differ() }
    }

    /// Whether a value is as expected: with exactly these fields, or with these among others.
    pub(crate) fn json(&mut self, expected: &Value, seen: &Value, others: bool) -> Result<(), String> {
        match (expected, seen) {
            (Value::Object(fields), Value::Object(there)) => {
                if let Some(name) = there.keys().find(|name| !others && !fields.contains_key(*name)) {
                    return Err(format!("not expected: {name}: {}", there[name]));
                }
                fields.iter().try_for_each(|(name, expected)| {
                    let seen = there.get(name).ok_or_else(|| format!("missing: {name}"))?;
                    self.json(expected, seen, others).map_err(|why| format!("{name}: {why}"))
                })
            }
            (Value::Array(items), Value::Array(there)) if items.len() == there.len() => {
                items.iter().zip(there).try_for_each(|(expected, seen)| self.json(expected, seen, others))
            }
            (Value::String(expected), Value::String(seen)) if !is_number(expected) => self.text(expected, seen),
            (Value::String(expected), Value::Number(seen)) => match next_place(expected) {
                Some(("", name, "")) if is_number(expected) => self.place(name, &seen.to_string()),
                _ => Err(format!("expected {expected:?}\n    seen the number {seen}")),
            },
            _ if expected == seen => Ok(()),
            _ => Err(format!("expected {expected}\n    seen {seen}")),
        }
    }

    fn place(&mut self, name: &str, text: &str) -> Result<(), String> {
        if !has_shape(name, text) {
            return Err(format!("not a <{name}>: {text:?}"));
        }
        match self.0.get(name) {
            Some(known) if known != text => Err(format!("<{name}> is {known:?} and here {text:?}")),
            _ if name == "any" => Ok(()),
            _ => {
                self.set(name, text);
                Ok(())
            }
        }
    }
}

/// What comes before the first place of a text, its name, and what comes after.
fn next_place(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once('<')?;
    let (name, after) = rest.split_once('>')?;
    Some((before, name, after))
}

/// These places stand for numbers.
fn is_number(expected: &str) -> bool {
    matches!(expected, "<connectedAt>" | "<requestTimeEpoch>")
}

/// Some names say what they stand for.
fn has_shape(name: &str, text: &str) -> bool {
    let like = |pattern: &str| {
        pattern.len() == text.len()
            && pattern.bytes().zip(text.bytes()).all(|(expected, seen)| match expected {
                b'0' => seen.is_ascii_digit(),
                b'x' => matches!(seen, b'0'..=b'9' | b'a'..=b'f'),
                b'A' => seen.is_ascii_alphabetic(),
                // The URL-safe base64 alphabet.
                b'*' => seen.is_ascii_alphanumeric() || matches!(seen, b'-' | b'_'),
                other => seen == other,
            })
    };
    match name {
        "connectionId" | "messageId" | "requestId" => like("***************="),
        "requestTime" => like("00/AAA/0000:00:00:00 +0000"),
        "connectedAt" | "requestTimeEpoch" => like("0000000000000"),
        "iso8601" | "iso8601Later" => like("0000-00-00T00:00:00.000Z"),
        "traceId" => like("Root=1-xxxxxxxx-xxxxxxxxxxxxxxxxxxxxxxxx"),
        _ => true,
    }
}

#[test]
fn a_place_stands_for_one_thing() {
    let mut places = Places::default();
    places.text("<name> and <name>", "this and this").unwrap();
    places.text("<name>", "that").unwrap_err();
    places.text("x<requestId>y", "xPJqB0fHsqRcCHlw=y").unwrap();
    places.text("<requestId>", "PJqB0fHsqRcCHlX=").unwrap_err();
    places.turn();
    places.text("<requestId>", "PJqB0fHsqRcCHlX=").unwrap();
    places.turn();
    places.text("<requestId>", "not an id").unwrap_err();
    places.text("to the byte", "to the bit").unwrap_err();
}

#[test]
fn fields_are_exactly_these_or_these_among_others() {
    let check = |expected: &str, seen: &str, others| {
        let [expected, seen] = [expected, seen].map(|json| serde_json::from_str(json).unwrap());
        Places::default().json(&expected, &seen, others)
    };
    check(r#"{"a":1}"#, r#"{"a":1,"b":2}"#, true).unwrap();
    check(r#"{"a":1}"#, r#"{"a":1,"b":2}"#, false).unwrap_err();
    check(r#"{"a":1,"b":2}"#, r#"{"a":1}"#, true).unwrap_err();
    check(r#"{"a":"<connectedAt>"}"#, r#"{"a":1762426800123}"#, false).unwrap();
    check(r#"{"a":"<connectedAt>"}"#, r#"{"a":"1762426800123"}"#, false).unwrap_err();
    check(r#"{"a":"<any>"}"#, r#"{"a":1}"#, false).unwrap_err();
}
