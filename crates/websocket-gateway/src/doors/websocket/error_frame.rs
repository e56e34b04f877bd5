use tungstenite::Utf8Bytes;

use crate::ids::ConnectionId;

/// The frames with which API Gateway itself answers a client's message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ErrorFrame {
    /// No route takes the message, and there is no `$default`.
    Forbidden,
    /// The function failed, or its answer is malformed.
    InternalServerError,
    /// The integration's time is up.
    EndpointRequestTimedOut,
}

impl ErrorFrame {
    /// The frame, equal to API Gateway's byte for byte: it has a space after `"message":` and after commas, and nowhere else.
    pub(super) fn write(self, connection_id: &ConnectionId, request_id: &str) -> Utf8Bytes {
        let message = match self {
            Self::Forbidden => "Forbidden",
            Self::InternalServerError => "Internal server error",
            Self::EndpointRequestTimedOut => "Endpoint request timed out",
        };
        format!(r#"{{"message": "{message}", "connectionId":"{connection_id}", "requestId":"{request_id}"}}"#).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_the_spaces_of_a_real_one() {
        let id = ConnectionId::parse("eHrdFcnvvHcCE-w=").unwrap();
        assert_eq!(
            ErrorFrame::Forbidden.write(&id, "eHrjDEuVPHcFWMg=").as_str(),
            r#"{"message": "Forbidden", "connectionId":"eHrdFcnvvHcCE-w=", "requestId":"eHrjDEuVPHcFWMg="}"#
        );
    }
}
