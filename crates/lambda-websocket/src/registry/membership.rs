use std::collections::HashMap;
use std::ops::Deref;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::de::DeserializeOwned;

use super::row::{DEADLINE, Row};
use super::{AttributesError, Channel, attributes};
use crate::connection_id::ConnectionId;
use crate::connections::Recipient;

/// What a row says of a connection in a channel.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Membership {
    /// The channel.
    pub channel: Channel,
    /// When the connection was made, in milliseconds since 1970.
    pub connected_at_ms: u64,
    attributes: HashMap<String, AttributeValue>,
}

impl Membership {
    pub(super) fn new(channel: Channel, connected_at_ms: u64, attributes: HashMap<String, AttributeValue>) -> Self {
        Self { channel, connected_at_ms, attributes }
    }

    /// The attributes that [`Registry::add_with`](super::Registry::add_with) wrote.
    ///
    /// In a channel where some connections have attributes and others have none, ask for a type whose fields are all `Option`s or have
    /// defaults.
    ///
    /// # Errors
    /// If they are not an `A`.
    pub fn attributes<A: DeserializeOwned>(&self) -> Result<A, AttributesError> {
        attributes::read(&self.attributes)
    }
}

/// A connection in a channel, with what its row says of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Member {
    /// The connection.
    pub id: ConnectionId,
    /// When its session ends, in seconds since 1970; see [`Recipient::deadline_s`].
    pub deadline_s: Option<u64>,
    membership: Membership,
}

impl Member {
    /// `None` for a row that is not valid.
    pub(super) fn new(row: Row) -> Option<Self> {
        Some(Self { id: row.id()?, deadline_s: row.number(DEADLINE), membership: row.into_membership()? })
    }
}

impl Deref for Member {
    type Target = Membership;

    fn deref(&self) -> &Membership {
        &self.membership
    }
}

impl From<Member> for Recipient {
    fn from(member: Member) -> Self {
        Self { id: member.id, deadline_s: member.deadline_s }
    }
}
