use std::fmt;

/// What happened to the connection, as in `requestContext.eventType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Connect,
    Message,
    Disconnect,
}

impl Kind {
    pub(super) fn of(event_type: &str) -> Option<Self> {
        match event_type {
            "CONNECT" => Some(Self::Connect),
            "MESSAGE" => Some(Self::Message),
            "DISCONNECT" => Some(Self::Disconnect),
            _ => None,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "CONNECT",
            Self::Message => "MESSAGE",
            Self::Disconnect => "DISCONNECT",
        })
    }
}
