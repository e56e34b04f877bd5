use tungstenite::Error;
use tungstenite::error::ProtocolError;
use tungstenite::protocol::CloseFrame;

use crate::event::Closed;

/// Why a session ends. This decides the close frame that the client gets, and the code and reason that `$disconnect` gets.
#[derive(Debug)]
pub(super) enum Close {
    /// The client closed, with or without a code.
    Client(Option<CloseFrame>),
    /// `DELETE @connections/{id}`.
    Deleted,
    /// Idle for too long, connected for too long, or the gateway stops.
    GoingAway,
    /// The client sent a binary frame.
    Binary,
    /// The client sent a frame or a message over the limit.
    TooLarge,
    /// The client sent a text that is not UTF-8.
    NotUtf8,
    /// The client broke the WebSocket protocol.
    Protocol,
    /// The TCP connection is gone, or as good as gone because a person at the console wants to see what happens then.
    Lost { by_hand: bool },
}

impl Close {
    pub(super) fn of_error(error: &Error) -> Self {
        match error {
            Error::Capacity(_) => Self::TooLarge,
            Error::Utf8(_) => Self::NotUtf8,
            Error::Protocol(error) if !is_reset(error) => Self::Protocol,
            _ => Self::Lost { by_hand: false },
        }
    }

    /// Whether the client broke a rule. Its further bytes can't be read as WebSocket frames then.
    pub(super) fn is_fault(&self) -> bool {
        matches!(self, Self::Binary | Self::TooLarge | Self::NotUtf8 | Self::Protocol)
    }

    pub(super) fn is_by_hand(&self) -> bool {
        matches!(self, Self::Lost { by_hand: true })
    }

    /// The close frame for the client; `None` if the client is gone, or if the library echoes the client's own close frame.
    pub(super) fn frame(&self) -> Option<CloseFrame> {
        let (code, reason) = match self {
            Self::Client(_) | Self::Lost { .. } => return None,
            Self::GoingAway => (self.code(), "Going away"),
            _ => (self.code(), ""),
        };
        Some(CloseFrame { code: code.into(), reason: reason.into() })
    }

    /// The code and reason that `$disconnect` gets. Those of a client's close, of a deleted and of an idle connection have been seen on AWS. That
    /// the others are the code that the client gets, and 1006 for a lost connection, is a guess.
    pub(super) fn told(&self) -> Closed {
        let reason = match self {
            Self::Client(None) => "Client-side close frame status not set",
            Self::Client(Some(frame)) => frame.reason.as_str(),
            Self::Deleted => "Connection Closed Normally",
            Self::GoingAway => "Going away",
            _ => "",
        };
        Closed { code: self.code(), reason: reason.to_owned() }
    }

    /// The codes of RFC 6455. 1005 means that a close frame had no code, 1006 that no close frame came; neither is ever sent.
    fn code(&self) -> u16 {
        match self {
            Self::Client(Some(frame)) => frame.code.into(),
            Self::Deleted => 1000,
            Self::GoingAway => 1001,
            Self::Protocol => 1002,
            Self::Binary => 1003,
            Self::Client(None) => 1005,
            Self::Lost { .. } => 1006,
            Self::NotUtf8 => 1007,
            Self::TooLarge => 1009,
        }
    }
}

/// The library reports a TCP connection that ends without a close frame as a violation of the protocol, which it is not.
fn is_reset(error: &ProtocolError) -> bool {
    matches!(error, ProtocolError::ResetWithoutClosingHandshake)
}
