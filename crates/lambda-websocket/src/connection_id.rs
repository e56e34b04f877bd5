//! Connection ids, checked: any connection's, and the event's own where API Gateway does not take posts to it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The id that API Gateway gave a connection, checked: up to 128 characters, all of the URL-safe base64 alphabet but for at most two
/// `=` at the end.
///
/// API Gateway's own ids have 15 such characters and one `=`, for example `L0SM9cOFvHcCIhw=`. Nothing else can become a
/// `ConnectionId`, so it can go into a URL path or a table key as it is.
///
/// ```
/// use lambda_websocket::ConnectionId;
///
/// assert!("L0SM9cOFvHcCIhw=".parse::<ConnectionId>().is_ok());
/// assert!("../../other-stage".parse::<ConnectionId>().is_err());
/// ```
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct ConnectionId(String);

/// The text is not a connection id.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a connection id: it must be 1 to 128 characters of the URL-safe base64 alphabet with `=` only as padding")]
#[non_exhaustive]
pub struct InvalidConnectionId;

impl ConnectionId {
    const MAX_LENGTH: usize = 128;

    /// The id as API Gateway writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn is_valid(text: &str) -> bool {
        let digits = text.trim_end_matches('=');
        !digits.is_empty()
            && text.len() <= Self::MAX_LENGTH
            && text.len() - digits.len() <= 2
            && digits.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    }
}

impl TryFrom<String> for ConnectionId {
    type Error = InvalidConnectionId;

    fn try_from(text: String) -> Result<Self, InvalidConnectionId> {
        if Self::is_valid(&text) { Ok(Self(text)) } else { Err(InvalidConnectionId) }
    }
}

impl FromStr for ConnectionId {
    type Err = InvalidConnectionId;

    fn from_str(text: &str) -> Result<Self, InvalidConnectionId> {
        text.to_owned().try_into()
    }
}

impl AsRef<str> for ConnectionId {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

/// Leaves out the connection that is opening or has closed: `ids.filter(|id| id != event.id())`.
impl PartialEq<OwnId> for ConnectionId {
    fn eq(&self, own: &OwnId) -> bool {
        *self == own.0
    }
}

impl fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of an event's own connection, which may be opening (`$connect`) or have closed (`$disconnect`).
///
/// It can be shown and serialised, and it is a key of the `Registry`, but it can't be posted to: before the `$connect` handler
/// has answered and after the connection has closed, API Gateway answers a post with 410. Only of a message is it known that its
/// connection is open, so [`Message::id`](crate::Message::id) is a [`ConnectionId`].
/// Source: API Gateway developer guide, "Use @connections commands in your backend service".
#[derive(Clone, PartialEq, Eq, Hash, Serialize)]
pub struct OwnId(ConnectionId);

impl OwnId {
    pub(crate) fn new(id: ConnectionId) -> Self {
        Self(id)
    }

    /// For this crate only: to users, the connection may not be open.
    pub(crate) fn checked(&self) -> &ConnectionId {
        &self.0
    }

    /// The id as API Gateway writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl fmt::Display for OwnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for OwnId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_url_safe_base64_with_padding_at_its_end() {
        let longest = "a".repeat(128);
        for good in ["L0SM9cOFvHcCIhw=", "eHrdFcnvvHcCE-w=", "JC1dgf9yoAMCK-g=", "a", "_-", "ab==", &longest] {
            assert!(good.parse::<ConnectionId>().is_ok(), "{good}");
        }
        let too_long = "a".repeat(129);
        for bad in ["", "=", "a===", "a=b", "../x", "a/b", "a b", "a%3D", "é", "a\n", "a+b", &too_long] {
            assert!(bad.parse::<ConnectionId>().is_err(), "{bad:?}");
        }
    }

    #[test]
    fn deserialising_validates_too() {
        assert!(serde_json::from_str::<ConnectionId>(r#""abc=""#).is_ok());
        assert!(serde_json::from_str::<ConnectionId>(r#""../x""#).is_err());
    }
}
