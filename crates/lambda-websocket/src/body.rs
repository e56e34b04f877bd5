//! The two kinds of text that go over a WebSocket here: plain text, and JSON that is of some type.

use std::ops::Deref;

use bytes::Bytes;
use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::RouteError;

/// JSON: parsed from the client's message, or serialised into a reply or a post.
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
    use super::{Bytes, DeserializeOwned, Json, RouteError, Serialize, Text, fault};

    pub trait Body: Sized {
        /// # Errors
        /// The client's, with a text that says what it can mend.
        fn read(message: String) -> Result<Self, RouteError>;
    }

    pub trait Payload {
        fn to_text(&self) -> Result<String, serde_json::Error>;

        fn to_bytes(&self) -> Result<Bytes, serde_json::Error> {
            self.to_text().map(Bytes::from)
        }
    }

    impl Body for Text {
        fn read(message: String) -> Result<Self, RouteError> {
            Ok(Self(message))
        }
    }

    impl<T: DeserializeOwned> Body for Json<T> {
        fn read(message: String) -> Result<Self, RouteError> {
            serde_json::from_str(&message).map(Self).map_err(|error| RouteError::bad_request(fault(&message, &error)))
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

/// `serde_json` calls some faults of type those of syntax, so what is JSON is asked once more.
fn fault(message: &str, error: &serde_json::Error) -> String {
    match serde_json::from_str::<IgnoredAny>(message) {
        Ok(_) => format!("Invalid message: {}", without_type_name(&error.to_string())),
        Err(error) => format!("The message is not JSON: {error}"),
    }
}

/// `expected struct Order` tells a client the name of a Rust type, which is nothing that it can act on.
fn without_type_name(text: &str) -> String {
    let Some((before, expected)) = text.rsplit_once("expected ") else { return text.to_owned() };
    let (expected, place) = expected.split_at(expected.rfind(" at line ").unwrap_or(expected.len()));
    let named = if expected.starts_with("struct ") {
        "an object"
    } else if ["struct ", "enum ", "variant "].iter().any(|kind| expected.contains(kind)) {
        "another value"
    } else {
        expected
    };
    format!("{before}expected {named}{place}")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::sealed::Body as _;
    use super::*;
    use crate::error::Cause;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the faults of reading it matter here")]
    struct Order {
        dish: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Command {
        Go,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only the faults of reading it matter here")]
    struct Point(u8, u8);

    fn fault_of(message: &str) -> String {
        fault_of_a::<Order>(message)
    }

    fn fault_of_a<T: DeserializeOwned + std::fmt::Debug>(message: &str) -> String {
        match Json::<T>::read(message.to_owned()).unwrap_err().0 {
            Cause::BadRequest(text) => text,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_fault_says_what_to_mend_and_names_no_rust_type() {
        assert_eq!(fault_of("{}"), "Invalid message: missing field `dish` at line 1 column 2");
        assert_eq!(
            fault_of(r#"{"dish":5}"#),
            "Invalid message: invalid type: integer `5`, expected a string at line 1 column 9"
        );
        assert_eq!(fault_of("[1]"), "Invalid message: invalid type: integer `1`, expected a string at line 1 column 2");
        assert_eq!(fault_of("7"), "Invalid message: invalid type: integer `7`, expected an object at line 1 column 1");
        assert_eq!(fault_of_a::<Command>("7"), "Invalid message: expected value at line 1 column 1");
        assert_eq!(
            fault_of_a::<Command>(r#""stop""#),
            "Invalid message: unknown variant `stop`, expected `go` at line 1 column 6"
        );
        assert_eq!(
            fault_of_a::<Point>("{}"),
            "Invalid message: invalid type: map, expected another value at line 1 column 0"
        );
        assert_eq!(fault_of("hello"), "The message is not JSON: expected value at line 1 column 1");
        assert_eq!(fault_of(""), "The message is not JSON: EOF while parsing a value at line 1 column 0");
    }
}
