use std::fmt;
use std::time::Duration;

use http::StatusCode;
use serde::{Deserialize, Serialize};

use crate::api::limits::INTEGRATION_TIMEOUT;
use crate::clock::millis;
use crate::ids::ConnectionId;

/// Something that goes wrong because a person wants to see what happens then. In JSON it has a `kind`; functions are named by their logical ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub(crate) enum Fault {
    /// A function takes longer.
    Slow { function: String, ms: Delay },
    /// A function fails, as if its handler had.
    Failing { function: String },
    /// A function is throttled, as if too many of its invocations were in progress.
    Throttled { function: String },
    /// Posts are refused: those to one connection, or all.
    Posts {
        status: PostStatus,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        connection_id: Option<ConnectionId>,
    },
    /// Handshakes are refused, before the authorizer and `$connect` are asked.
    Handshakes { status: HandshakeStatus },
    /// A client reads nothing more: what it is sent waits, until posts to it are answered with 429.
    NotReading { connection_id: ConnectionId },
}

/// How much longer a function takes: from 1 ms to what an integration may take at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u64", into = "u64")]
pub(crate) struct Delay(u64);

/// How a post is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub(crate) enum PostStatus {
    /// 410: the connection is gone.
    Gone,
    /// 429: the client does not read, or posts come too fast.
    TooMany,
}

/// How a handshake is refused: a status that `$connect` could answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub(crate) struct HandshakeStatus(StatusCode);

impl Fault {
    /// Reads a fault, and whether it is to strike only once.
    ///
    /// # Errors
    /// What is wrong with it, for the person who wrote it.
    #[cfg(feature = "console")]
    pub(crate) fn read(json: &[u8]) -> Result<(Self, bool), String> {
        use serde_json::{Map, Value};

        let mut fault: Map<String, Value> =
            serde_json::from_slice(json).map_err(|error| format!("the body is not a JSON object: {error}"))?;
        let once = match fault.remove("once") {
            None => false,
            Some(Value::Bool(once)) => once,
            Some(_) => return Err("`once` is true or false".to_owned()),
        };
        match serde_json::from_value(Value::Object(fault)) {
            Ok(Self::NotReading { .. }) if once => Err("a client that does not read can't do so `once`".to_owned()),
            Ok(fault) => Ok((fault, once)),
            Err(error) => Err(format!("this is not a fault: {error}")),
        }
    }

    /// Whether the two are about the same, so that one takes the place of the other.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Slow { function, .. }, Self::Slow { function: other, .. })
            | (Self::Failing { function }, Self::Failing { function: other })
            | (Self::Throttled { function }, Self::Throttled { function: other }) => function == other,
            (Self::Posts { connection_id, .. }, Self::Posts { connection_id: other, .. }) => connection_id == other,
            (Self::Handshakes { .. }, Self::Handshakes { .. }) => true,
            (Self::NotReading { connection_id }, Self::NotReading { connection_id: other }) => connection_id == other,
            _ => false,
        }
    }

    /// The function that it is about, by its logical id.
    pub(crate) fn function(&self) -> Option<&str> {
        match self {
            Self::Slow { function, .. } | Self::Failing { function } | Self::Throttled { function } => Some(function),
            _ => None,
        }
    }

    /// The connection that it is about.
    pub(crate) fn connection_id(&self) -> Option<&ConnectionId> {
        match self {
            Self::Posts { connection_id, .. } => connection_id.as_ref(),
            Self::NotReading { connection_id } => Some(connection_id),
            _ => None,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow { function, ms } => write!(f, "{function} takes {} ms longer", ms.0),
            Self::Failing { function } => write!(f, "{function} fails"),
            Self::Throttled { function } => write!(f, "{function} is throttled"),
            Self::Posts { status, connection_id: None } => write!(f, "posts get {}", u16::from(*status)),
            Self::Posts { status, connection_id: Some(id) } => write!(f, "posts to {id} get {}", u16::from(*status)),
            Self::Handshakes { status } => write!(f, "handshakes get {}", status.0.as_u16()),
            Self::NotReading { connection_id } => write!(f, "{connection_id} does not read"),
        }
    }
}

impl Delay {
    pub(super) fn duration(self) -> Duration {
        Duration::from_millis(self.0)
    }
}

impl TryFrom<u64> for Delay {
    type Error = String;

    fn try_from(ms: u64) -> Result<Self, String> {
        let longest = millis(INTEGRATION_TIMEOUT);
        (1..=longest).contains(&ms).then_some(Self(ms)).ok_or_else(|| format!("write 1 to {longest} ms"))
    }
}

impl From<Delay> for u64 {
    fn from(delay: Delay) -> Self {
        delay.0
    }
}

impl TryFrom<u16> for PostStatus {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, &'static str> {
        match status {
            410 => Ok(Self::Gone),
            429 => Ok(Self::TooMany),
            _ => Err("a post is answered with 410 or 429"),
        }
    }
}

impl From<PostStatus> for u16 {
    fn from(status: PostStatus) -> Self {
        match status {
            PostStatus::Gone => 410,
            PostStatus::TooMany => 429,
        }
    }
}

impl HandshakeStatus {
    pub(crate) fn code(self) -> StatusCode {
        self.0
    }
}

impl TryFrom<u16> for HandshakeStatus {
    type Error = &'static str;

    fn try_from(status: u16) -> Result<Self, &'static str> {
        let status = StatusCode::from_u16(status).ok();
        let refusing = status.filter(|status| status.is_client_error() || status.is_server_error());
        refusing.map(Self).ok_or("a handshake is refused with a status from 400 to 599")
    }
}

impl From<HandshakeStatus> for u16 {
    fn from(status: HandshakeStatus) -> Self {
        status.0.as_u16()
    }
}
