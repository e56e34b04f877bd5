use crate::connection_id::ConnectionId;
use crate::connections::Recipient;
use crate::registry::{Channel, RowKey};

/// Who gets a broadcast of [`FanOut`](super::FanOut): the members of a channel, with or without the caller, as for
/// [`Registry::members`](crate::Registry::members) and its like.
#[derive(Clone, Debug)]
pub struct Audience {
    pub(super) channel: Channel,
    /// The caller's membership does not matter: it gets the message from this function, or not at all.
    pub(super) caller: Option<ConnectionId>,
    gets_it: bool,
}

impl Audience {
    /// All connections in a channel.
    pub fn members(channel: &Channel) -> Self {
        Self { channel: channel.clone(), caller: None, gets_it: false }
    }

    /// All connections in a channel, and `caller`: first, whatever the lagging index says.
    ///
    /// The connection of a message can be this caller. That of `$connect` or `$disconnect` can't, because it is not open:
    ///
    /// ```
    /// use lambda_websocket::{Audience, Channel, Message, Text};
    ///
    /// fn audience(event: &Message<Text>, channel: &Channel) -> Audience {
    ///     Audience::members_with(event.id(), channel)
    /// }
    /// ```
    /// ```compile_fail
    /// use lambda_websocket::{Audience, Channel, Disconnect};
    ///
    /// fn audience(event: &Disconnect, channel: &Channel) -> Audience {
    ///     Audience::members_with(event.id(), channel)
    /// }
    /// ```
    pub fn members_with(caller: &ConnectionId, channel: &Channel) -> Self {
        Self { channel: channel.clone(), caller: Some(caller.clone()), gets_it: true }
    }

    /// All connections in a channel without `caller`, which may also be the connection that is opening or has closed.
    pub fn members_without(caller: &impl RowKey, channel: &Channel) -> Self {
        Self { channel: channel.clone(), caller: caller.as_key().parse().ok(), gets_it: false }
    }

    /// Who gets it whatever the index says.
    pub(super) fn first(&self) -> Option<Recipient> {
        self.caller.clone().filter(|_| self.gets_it).map(Recipient::from)
    }

    /// Whether the index decides about this member.
    pub(super) fn is_other(&self, member: &Recipient) -> bool {
        self.caller.as_ref() != Some(&member.id)
    }
}
