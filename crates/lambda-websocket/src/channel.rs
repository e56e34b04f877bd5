use std::fmt;
use std::str::FromStr;

/// The name of a channel: 1 to 2,048 bytes, which is what DynamoDB takes as a partition key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Channel(String);

/// A text that can't be the name of a channel.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("The name of a channel must be 1 to {} bytes long", Channel::MAX_BYTES)]
pub struct InvalidChannel;

impl Channel {
    /// Source: DynamoDB developer guide, "Quotas in Amazon DynamoDB": partition key length.
    const MAX_BYTES: usize = 2048;

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Channel {
    type Err = InvalidChannel;

    fn from_str(name: &str) -> Result<Self, InvalidChannel> {
        if (1..=Self::MAX_BYTES).contains(&name.len()) { Ok(Self(name.to_owned())) } else { Err(InvalidChannel) }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
