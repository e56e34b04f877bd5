//! Sends sample events to their functions, and collects the answers and the posted messages.
//!
//! [`SampleEvent::read_all`] reads events from files and sorts them in the order in which a connection would cause them. [`Recipient::of`]
//! finds the function for an event, and [`Gateway::replay`] sends the event to a function.

mod event;
mod files;
mod recipient;

use std::pin::pin;

use bytes::Bytes;

use crate::gateway::Gateway;
use crate::happenings::excerpt;
use crate::lambda::InvokeError;
use crate::service::connections::Adopted;
use crate::service::integration;

pub use event::{EventType, SampleEvent};
pub use files::SampleError;
pub use recipient::Recipient;

/// The result of an event.
#[derive(Debug)]
#[non_exhaustive]
pub struct Replayed {
    /// The function's answer.
    pub answer: Result<Answer, ReplayError>,
    /// Every frame that was posted to the event's connection until the function had answered, in order.
    pub frames: Vec<String>,
    /// Whether the function closed the connection.
    pub closed: bool,
}

/// An answer that API Gateway understands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// Its `statusCode`.
    pub status: u16,
    /// Its `body`, if it has one. It depends on the route whether a client gets it.
    pub body: Option<String>,
    /// The whole answer, as the function sent it.
    pub json: Bytes,
}

/// Why an event does not have a valid answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The function did not answer.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// API Gateway would not accept the function's answer.
    #[error(
        "the function's answer is malformed: {cause}: {}; API Gateway expects a JSON object with a statusCode",
        excerpt(.answer)
    )]
    Malformed {
        /// What is wrong with it.
        cause: String,
        /// The function's answer.
        answer: Bytes,
    },
}

impl Gateway {
    /// Sends a sample event to the function with this logical id, as if the event's connection were open. Collects the messages that are posted
    /// to the connection until the function has answered.
    ///
    /// An event without a valid connection id is sent, too: its purpose may be to test exactly this fault. An event is also sent if a client has
    /// this connection id, or if an earlier event of the same connection is still being replayed; the messages then go to that client or event.
    ///
    /// The function gets the event as it is, except that its `domainName`, if it has one, is this gateway's address: a function may post there.
    ///
    /// This takes at most as long as the function's `Timeout`. The limit of 29 s that API Gateway has for an answer does not apply here.
    pub async fn replay(&self, function: &str, event: &SampleEvent) -> Replayed {
        let invocation = self.invoke(function, event.at(self.address()));
        let connection = event.connection_id().and_then(|id| self.adopt(id).ok());
        let (answer, frames, closed) = match connection {
            Some(connection) => collect(connection, invocation).await,
            None => (invocation.await, Vec::new(), false),
        };
        Replayed { answer: answer.map_err(ReplayError::from).and_then(understand), frames, closed }
    }
}

/// Reads the frames while the function works. A function may post more frames than the queue of a connection can hold.
async fn collect<T>(mut connection: Adopted, invocation: impl Future<Output = T>) -> (T, Vec<String>, bool) {
    let mut invocation = pin!(invocation);
    let mut frames = Vec::new();
    let answer = loop {
        tokio::select! {
            answer = &mut invocation => break answer,
            Some(frame) = connection.next_posted() => frames.push(frame),
        }
    };
    frames.extend(std::iter::from_fn(|| connection.posted()));
    (answer, frames, connection.is_closed())
}

fn understand(json: Bytes) -> Result<Answer, ReplayError> {
    match integration::read(&json) {
        Ok(response) => Ok(Answer { status: response.status_code, body: response.body, json }),
        Err(cause) => Err(ReplayError::Malformed { cause, answer: json }),
    }
}
