//! `@connections`: what a function can do with any open connection, its caller's or another.

mod broadcast;
mod endpoint;
mod error;
mod gone;
mod outcome;
mod recipient;

use aws_sdk_apigatewaymanagement::Client;
use aws_sdk_apigatewaymanagement::primitives::{Blob, DateTime};
use bytes::Bytes;

pub use broadcast::Broadcast;
#[cfg(feature = "fan-out")]
pub(crate) use broadcast::{IN_FLIGHT, Outcome, deliver};
pub use endpoint::EndpointError;
pub use error::PostError;
pub use gone::Gone;
pub use outcome::{Closing, Delivery};
pub use recipient::Recipient;

use crate::aws;
use crate::body::Payload;
use crate::connection_id::ConnectionId;
pub(crate) use endpoint::{Endpoint, EventSource};
use error::answer_of;

/// The largest message that API Gateway accepts, in bytes, in either direction.
///
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": message payload size, 128 KB.
pub const MAX_PAYLOAD_BYTES: usize = 128 * 1024;

/// The `@connections` API of one stage.
///
/// An event makes one, [`Connections::from_env`] another. It is an address and no more, so it can be cloned, borrowed by many handlers, sent
/// to other threads and kept in a `static`. The SDK client behind it is made at the first call and kept for the thread: on a
/// multi-threaded runtime each worker thread makes one, see [`sdk_config`](crate::sdk_config()).
///
/// A function needs the permission `execute-api:ManageConnections` for it. Each call ends within six seconds: a try that is throttled or
/// fails is repeated after a short pause, at most twice, and each try takes three seconds at most.
///
/// ```no_run
/// use lambda_websocket::{Delivery, Message, RouteError, Text};
///
/// async fn handler(event: Message<Text>) -> Result<(), RouteError> {
///     match event.connections().post(event.id(), &Text::from("hello")).await? {
///         Delivery::Sent => Ok(()),
///         Delivery::Gone => Ok(()), // the caller has left in the meantime, and no one waits
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Connections {
    endpoint: Endpoint,
}

/// What API Gateway knows about an open connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// When the connection was made, in milliseconds since 1970.
    pub connected_at_ms: Option<u64>,
    /// When the last message went over it, in either direction, in milliseconds since 1970.
    pub last_active_at_ms: Option<u64>,
    /// The client's address.
    pub source_ip: Option<String>,
    /// The client's `User-Agent`, if it sent one.
    pub user_agent: Option<String>,
}

impl Connections {
    pub(crate) fn new(endpoint: Endpoint) -> Self {
        Self { endpoint }
    }

    /// The API of the stage that `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI` names, the SDK's own variable for it. For functions that no
    /// route of the API calls, whose events don't say which API they belong to: see [the guide](crate::guide::posting).
    ///
    /// | variable | meaning |
    /// |---|---|
    /// | `AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI` | `https://{apiId}.execute-api.{region}.amazonaws.com/{stage}`, from the template; a local gateway sets it itself |
    /// | `AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` | read at the first call; Lambda sets them, and so does a local gateway |
    ///
    /// ```no_run
    /// use lambda_websocket::Connections;
    ///
    /// let connections = Connections::from_env()?;
    /// # Ok::<(), lambda_websocket::EndpointError>(())
    /// ```
    ///
    /// # Errors
    /// If the variable is not set, or is not such a URL.
    pub fn from_env() -> Result<Self, EndpointError> {
        Endpoint::from_env().map(Self::new)
    }

    /// The API at a base URL, `https://{apiId}.execute-api.{region}.amazonaws.com/{stage}`, for functions that no route of this API
    /// calls, see [the guide](crate::guide::posting).
    pub fn at(url: impl Into<String>) -> Self {
        Self::new(Endpoint::Url(url.into()))
    }

    #[cfg(feature = "testing")]
    pub(crate) fn of(client: Client) -> Self {
        Self::new(Endpoint::Client(client))
    }

    /// What a replayed event is to post to.
    pub(crate) fn as_source(&self) -> EventSource {
        EventSource::ReplayAt(self.endpoint.clone())
    }

    /// Sends a message to one connection. If API Gateway's answer is lost, the message is sent again, so it may arrive twice.
    ///
    /// # Errors
    /// [`PostError::TooLarge`], before anything is sent, if the message is over 128 KiB; the other errors are API Gateway's answers.
    pub async fn post(&self, to: &ConnectionId, payload: &impl Payload) -> Result<Delivery, PostError> {
        let payload = encode(payload)?;
        post(self.client().await?, to, payload).await
    }

    /// What API Gateway knows about a connection; `None` if it is gone.
    ///
    /// # Errors
    /// API Gateway's answers other than success and 410, see [`PostError`].
    pub async fn get(&self, id: &ConnectionId) -> Result<Option<ConnectionInfo>, PostError> {
        let answer = self.client().await?.get_connection().connection_id(id.as_str()).send().await;
        Ok(answer_of(answer, 0)?.map(|found| {
            let identity = found.identity.map(|identity| (identity.source_ip, identity.user_agent));
            let (source_ip, user_agent) = identity.unwrap_or_default();
            // The SDK returns an empty text where API Gateway's answer has no such member.
            let present = |text: Option<String>| text.filter(|text| !text.is_empty());
            ConnectionInfo {
                connected_at_ms: found.connected_at.and_then(millis),
                last_active_at_ms: found.last_active_at.and_then(millis),
                source_ip: present(source_ip),
                user_agent: present(user_agent),
            }
        }))
    }

    /// Closes a connection: its client gets close code 1000, and `$disconnect` runs.
    ///
    /// # Errors
    /// API Gateway's answers other than success and 410, see [`PostError`].
    pub async fn close(&self, id: &ConnectionId) -> Result<Closing, PostError> {
        close(self.client().await?, id).await
    }

    async fn client(&self) -> Result<Client, PostError> {
        match &self.endpoint {
            Endpoint::Url(url) => aws::connections(url).await.map_err(PostError::Failed),
            #[cfg(feature = "testing")]
            Endpoint::Client(client) => Ok(client.clone()),
            Endpoint::Unknown(why) => Err(PostError::Failed((*why).into())),
        }
    }

    /// The same for a fan-out, which does itself what there is to do about a 429.
    #[cfg(feature = "fan-out")]
    pub(crate) async fn client_that_takes_429(&self) -> Result<Client, PostError> {
        match &self.endpoint {
            Endpoint::Url(url) => aws::connections_without_retries_of_429(url).await.map_err(PostError::Failed),
            _ => self.client().await,
        }
    }
}

/// Checks the size before sending: the SDK would send everything, only to get a 413.
pub(crate) fn encode(payload: &impl Payload) -> Result<Bytes, PostError> {
    let payload = Bytes::from(payload.to_text().map_err(|error| PostError::Failed(error.into()))?);
    if payload.len() > MAX_PAYLOAD_BYTES {
        return Err(PostError::TooLarge { bytes: payload.len() });
    }
    Ok(payload)
}

async fn post(client: Client, to: &ConnectionId, payload: Bytes) -> Result<Delivery, PostError> {
    let sent = payload.len();
    let answer = client.post_to_connection().connection_id(to.as_str()).data(Blob::new(payload)).send().await;
    Ok(answer_of(answer, sent)?.map_or(Delivery::Gone, |_| Delivery::Sent))
}

async fn close(client: Client, id: &ConnectionId) -> Result<Closing, PostError> {
    let answer = client.delete_connection().connection_id(id.as_str()).send().await;
    Ok(answer_of(answer, 0)?.map_or(Closing::AlreadyGone, |_| Closing::Closed))
}

fn millis(time: DateTime) -> Option<u64> {
    time.to_millis().ok()?.try_into().ok()
}
