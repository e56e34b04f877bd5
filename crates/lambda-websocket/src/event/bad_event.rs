use super::Kind;

/// Why an event can't be served. The text is the body of the 400, or the message of an authorizer's function error.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadEvent {
    #[error("Missing RequestContext")]
    MissingRequestContext,
    #[error("Missing connectionId")]
    MissingConnectionId,
    #[error("Malformed connectionId")]
    MalformedConnectionId,
    #[error("Wrong event type: expected {0}")]
    WrongEventType(Kind),
    #[error("Unknown route key")]
    UnknownRouteKey,
    #[error("Wrong type: expected REQUEST")]
    WrongAuthorizerType,
    #[error("Missing methodArn")]
    MissingMethodArn,
    #[error("Malformed methodArn")]
    MalformedMethodArn,
    /// With the parser's words, which go to the log only.
    #[error("Malformed event")]
    Malformed(String),
}
