//! Reading one value of a JSON text, without keeping the rest.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

/// One step into a JSON value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// The value at a path; of a key that is there several times, the last one. `None` if the path leads nowhere.
///
/// What lies beside the path only has to look like JSON: a lone surrogate, a number out of range or deep nesting there does not matter. That
/// API Gateway selects the route of such a message, too, is a guess.
///
/// # Errors
/// If the text as a whole is not JSON.
pub(super) fn value_at(path: &[Step], json: &str) -> Result<Option<Value>, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_str(json);
    let value = At(path).deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// Keeps what is at the rest of a path, and reads over everything beside it.
struct At<'p>(&'p [Step]);

impl<'de> DeserializeSeed<'de> for At<'_> {
    type Value = Option<Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if self.0.is_empty() {
            return serde::Deserialize::deserialize(deserializer).map(Some);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for At<'_> {
    type Value = Option<Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let wanted = match self.0 {
            [Step::Key(key), ..] => Some(key.as_str()),
            _ => None,
        };
        let mut found = None;
        while let Some(is_wanted) = map.next_key_seed(Is(wanted))? {
            if is_wanted {
                found = map.next_value_seed(At(&self.0[1..]))?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(found)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        if let [Step::Index(index), rest @ ..] = self.0 {
            for _ in 0..*index {
                if items.next_element::<IgnoredAny>()?.is_none() {
                    return Ok(None);
                }
            }
            let found = items.next_element_seed(At(rest))?.flatten();
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(found);
        }
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }
}

/// Whether a key is the wanted one.
struct Is<'k>(Option<&'k str>);

impl<'de> DeserializeSeed<'de> for Is<'_> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Is<'_> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<bool, E> {
        Ok(self.0 == Some(key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the whole JSON would give, which is how API Gateway's rule is written.
    fn through_the_whole(path: &[Step], json: &str) -> Option<Option<Value>> {
        let whole: Value = serde_json::from_str(json).ok()?;
        let found = path.iter().try_fold(&whole, |value, step| match step {
            Step::Key(key) => value.get(key),
            Step::Index(index) => value.get(index),
        });
        Some(found.cloned())
    }

    #[test]
    fn values_beside_the_path_are_not_looked_into() {
        let deep = format!(r#"{{"x":{}{},"a":1}}"#, "[".repeat(200), "]".repeat(200));
        for text in [r#"{"a":1,"x":"\ud83d"}"#, r#"{"a":1,"x":1e999}"#, &deep] {
            assert_eq!(value_at(&[Step::Key("a".to_owned())], text).unwrap(), Some(1.into()), "{text}");
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn it_finds_what_a_search_of_the_whole_finds() {
        let key = |name: &str| Step::Key(name.to_owned());
        let paths = [
            vec![key("a")],
            vec![key("a"), key("b")],
            vec![key("a"), Step::Index(1)],
            vec![key("a"), Step::Index(0), key("b")],
            vec![Step::Index(0)],
        ];
        let texts = [
            r#"{"a":1}"#,
            r#"{"a":{"b":"deep"},"a":{"b":"deeper"}}"#,
            r#"{"a":{"b":1},"a":2}"#,
            r#"{"a":[{"b":true},[1,2],null],"c":[[{}]]}"#,
            r#"{"\u0061":"escaped"}"#,
            r#"[{"a":1},2]"#,
            r#"{"a":[]}"#,
            r#"{"a":-1.5e3}"#,
            "{}",
            "[]",
            "7",
            "-7",
            "1.5",
            "true",
            "null",
            r#""a""#,
            "",
            "{",
            r#"{"a":1"#,
            r#"{"a":1}x"#,
            r#"{"a":1,"b":}"#,
            r#"{"b":"\x"}"#,
            "not JSON",
        ];
        for path in &paths {
            for text in texts {
                assert_eq!(value_at(path, text).ok(), through_the_whole(path, text), "{path:?} in {text}");
            }
        }
    }
}
