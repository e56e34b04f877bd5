use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The name of a channel: 1 to 1,023 bytes. DynamoDB takes 1,024 as a sort key, and the table of connections puts a `+` before the name.
///
/// In `$connect`, a name that is not valid is the client's mistake: `name.parse().map_err(Reject::bad_request)?`. As a field of a
/// message's type, a `Channel` is checked when the message is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Channel(String);

/// The text is not a valid name of a channel: it is empty, or over 1,023 bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The name of a channel must be 1 to {} bytes long", Channel::MAX_BYTES)]
#[non_exhaustive]
pub struct InvalidChannel;

impl Channel {
    /// Source: DynamoDB developer guide, "Quotas in Amazon DynamoDB": sort key length.
    const MAX_BYTES: usize = 1023;

    /// The channel's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Channel {
    type Error = InvalidChannel;

    fn try_from(name: String) -> Result<Self, InvalidChannel> {
        if (1..=Self::MAX_BYTES).contains(&name.len()) { Ok(Self(name)) } else { Err(InvalidChannel) }
    }
}

impl FromStr for Channel {
    type Err = InvalidChannel;

    fn from_str(name: &str) -> Result<Self, InvalidChannel> {
        name.to_owned().try_into()
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
