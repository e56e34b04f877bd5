use aws_sdk_apigatewaymanagement::config::http::HttpResponse;
use aws_sdk_apigatewaymanagement::error::SdkError;

use super::MAX_PAYLOAD_BYTES;
use crate::cause::BoxError;

/// A call to `@connections` failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PostError {
    /// The message is over 128 KiB, API Gateway's limit. Through `?` in a message handler this is the client's error.
    #[error("The message is too large: {bytes} bytes, and {MAX_PAYLOAD_BYTES} are allowed")]
    TooLarge {
        /// The size of the message.
        bytes: usize,
    },
    /// Too many calls, or the client reads too slowly (429), still after the last try.
    #[error("@connections: throttled")]
    Throttled,
    /// The function's role lacks `execute-api:ManageConnections`, or the endpoint is another API's (403).
    #[error(
        "@connections: forbidden: the function needs execute-api:ManageConnections on this API and stage, and this stage's endpoint"
    )]
    Forbidden,
    /// API Gateway does not accept the connection id or the request (400).
    #[error("@connections: bad request")]
    BadRequest,
    /// API Gateway could not be reached or answered with another status, or the message could not be serialised.
    #[error("@connections: the call failed")]
    Failed(#[source] BoxError),
}

/// API Gateway's answer; `None` means gone. Only the status counts: real 410s come without a body, and some without the header that names
/// the error.
///
/// `sent` is the size of the message that was sent, in bytes.
pub(super) fn answer_of<T, E>(answer: Result<T, SdkError<E, HttpResponse>>, sent: usize) -> Result<Option<T>, PostError>
where
    E: std::error::Error + Send + Sync + 'static,
{
    let error = match answer {
        Ok(answer) => return Ok(Some(answer)),
        Err(error) => error,
    };
    match error.raw_response().map(|response| response.status().as_u16()) {
        Some(410) => Ok(None),
        Some(413) => Err(PostError::TooLarge { bytes: sent }),
        Some(429) => Err(PostError::Throttled),
        Some(403) => Err(PostError::Forbidden),
        Some(400) => Err(PostError::BadRequest),
        _ => Err(PostError::Failed(error.into())),
    }
}
