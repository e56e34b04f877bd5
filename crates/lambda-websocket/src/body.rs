//! What goes over a WebSocket: plain text, JSON of some type, or what an application makes of text.

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::ops::Deref;

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

/// What a message's body can be read as: [`Text`], [`Json`] of a type that `serde` can deserialise, or a type of your own.
///
/// An implementation is a parser. What it refuses never reaches the handler: the client gets an error frame with its words, status 400.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// use lambda_websocket::{Body, Message, Text, two_way};
///
/// /// `/join red`: a line, as people type it into a chat.
/// struct Join {
///     room: String,
/// }
///
/// impl Body for Join {
///     type Error = &'static str;
///
///     fn read(message: String) -> Result<Self, Self::Error> {
///         let room = message.strip_prefix("/join ").ok_or("Type /join and the name of a room")?;
///         Ok(Self { room: room.trim().to_owned() })
///     }
/// }
///
/// let route = two_way(async |event: Message<Join>| Ok(Text(format!("You are in {}", event.body.room))));
/// # let event = |body| format!(r#"{{"requestContext":{{"routeKey":"join","eventType":"MESSAGE","connectionId":"L0SM9cOFvHcCIhw=",
/// #   "connectedAt":0,"requestTimeEpoch":0}},"body":"{body}"}}"#);
/// # assert_eq!(route.replay(&event("/join red")).await?.body(), Some("You are in red"));
/// # assert!(route.replay(&event("/leave")).await?.body().unwrap().contains("Type /join and"));
/// # Ok::<(), lambda_websocket::FunctionError>(()) }).unwrap();
/// ```
pub trait Body: Sized {
    /// What is wrong with a message, in words for the client: they say what to mend, and tell nothing that is not its business.
    type Error: fmt::Display;

    /// Reads a message as the client sent it.
    ///
    /// # Errors
    /// If the message does not fit.
    fn read(message: String) -> Result<Self, Self::Error>;
}

/// What can be replied or posted: [`Text`], [`Json`] of a type that `serde` can serialise, or a type of your own.
///
/// A WebSocket of API Gateway carries text, so a payload is text.
///
/// ```
/// use std::convert::Infallible;
///
/// use lambda_websocket::{Connections, ConnectionId, Payload, PostError};
///
/// /// A line of a log, for clients that show it as it is.
/// struct Line<'a> {
///     level: &'a str,
///     text: &'a str,
/// }
///
/// impl Payload for Line<'_> {
///     type Error = Infallible;
///
///     fn to_text(&self) -> Result<String, Infallible> {
///         Ok(format!("{:5} {}", self.level, self.text))
///     }
/// }
///
/// async fn warn(connections: &Connections, to: &ConnectionId, text: &str) -> Result<bool, PostError> {
///     Ok(connections.post(to, &Line { level: "WARN", text }).await?.is_gone())
/// }
/// ```
pub trait Payload {
    /// Why there is no text. Whatever it is, it is a failure on our side.
    type Error: Into<Box<dyn Error + Send + Sync>>;

    /// The text of one message. A broadcast asks for it once.
    ///
    /// # Errors
    /// If there is none, for example because the value can't be serialised.
    fn to_text(&self) -> Result<String, Self::Error>;
}

impl Body for Text {
    type Error = Infallible;

    fn read(message: String) -> Result<Self, Infallible> {
        Ok(Self(message))
    }
}

impl<T: DeserializeOwned> Body for Json<T> {
    type Error = String;

    fn read(message: String) -> Result<Self, String> {
        serde_json::from_str(&message).map(Self).map_err(|error| fault(&message, &error))
    }
}

impl Payload for Text {
    type Error = Infallible;

    fn to_text(&self) -> Result<String, Infallible> {
        Ok(self.0.clone())
    }
}

impl<T: Serialize> Payload for Json<T> {
    type Error = serde_json::Error;

    fn to_text(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&self.0)
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
