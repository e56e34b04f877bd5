//! The two kinds of text that go over a WebSocket here: plain text, and JSON of some type.

use std::ops::Deref;

use bytes::Bytes;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

/// JSON: parsed from the client's message, or serialised into a reply or a post.
///
/// A message that does not fit `T` is refused with `serde`'s words, such as ``missing field `dish` at line 1 column 2``. Where they would
/// name the Rust type (`expected struct Order`), the attribute `#[serde(expecting = "an order")]` on the type puts other words there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Json<T>(pub T);

/// Plain text, as it came or as it goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Text(pub String);

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// What a message's body can be read as: [`Text`], or [`Json`] of a type that `serde` can deserialise.
pub trait Body: Sized + sealed::Body {}

/// What can be replied or posted: [`Text`], or [`Json`] of a type that `serde` can serialise.
pub trait Payload: sealed::Payload {}

impl Body for Text {}
impl<T: DeserializeOwned> Body for Json<T> {}
impl Payload for Text {}
impl<T: Serialize> Payload for Json<T> {}

pub(crate) mod sealed {
    use super::{Bytes, DeserializeOwned, Json, Serialize, Text, fault};

    pub trait Body: Sized {
        /// # Errors
        /// What is wrong with the message, in words for the client.
        fn read(message: String) -> Result<Self, String>;
    }

    pub trait Payload {
        fn to_text(&self) -> Result<String, serde_json::Error>;

        fn to_bytes(&self) -> Result<Bytes, serde_json::Error> {
            self.to_text().map(Bytes::from)
        }
    }

    impl Body for Text {
        fn read(message: String) -> Result<Self, String> {
            Ok(Self(message))
        }
    }

    impl<T: DeserializeOwned> Body for Json<T> {
        fn read(message: String) -> Result<Self, String> {
            serde_json::from_str(&message).map(Self).map_err(|error| fault(&message, &error))
        }
    }

    impl Payload for Text {
        fn to_text(&self) -> Result<String, serde_json::Error> {
            Ok(self.0.clone())
        }
    }

    impl<T: Serialize> Payload for Json<T> {
        fn to_text(&self) -> Result<String, serde_json::Error> {
            serde_json::to_string(&self.0)
        }
    }
}

/// Tells a message that is not JSON from JSON of another type. `serde_json` calls some faults of the second kind syntax errors, so this
/// parses the message again, as any JSON.
fn fault(message: &str, error: &serde_json::Error) -> String {
    match serde_json::from_str::<IgnoredAny>(message) {
        Ok(_) => format!("Invalid message: {error}"),
        Err(error) => format!("The message is not JSON: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::sealed::Body as _;
    use super::*;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the faults of reading it matter here")]
    #[serde(expecting = "an order")]
    struct Order {
        dish: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Command {
        Go,
    }

    fn fault_of<T: DeserializeOwned + std::fmt::Debug>(message: &str) -> String {
        Json::<T>::read(message.to_owned()).unwrap_err()
    }

    #[test]
    fn a_fault_says_what_to_mend() {
        let cases = [
            ("{}", "Invalid message: missing field `dish` at line 1 column 2"),
            (r#"{"dish":5}"#, "Invalid message: invalid type: integer `5`, expected a string at line 1 column 9"),
            ("[1]", "Invalid message: invalid type: integer `1`, expected a string at line 1 column 2"),
            ("7", "Invalid message: invalid type: integer `7`, expected an order at line 1 column 1"),
            ("hello", "The message is not JSON: expected value at line 1 column 1"),
            ("", "The message is not JSON: EOF while parsing a value at line 1 column 0"),
        ];
        for (message, fault) in cases {
            assert_eq!(fault_of::<Order>(message), fault, "{message}");
        }
    }

    #[test]
    fn json_of_another_type_is_not_called_broken_json() {
        assert_eq!(fault_of::<Command>("7"), "Invalid message: expected value at line 1 column 1");
        let unknown = "Invalid message: unknown variant `stop`, expected `go` at line 1 column 6";
        assert_eq!(fault_of::<Command>(r#""stop""#), unknown);
    }
}
