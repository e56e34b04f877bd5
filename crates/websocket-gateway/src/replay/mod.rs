//! Sending sample events to the functions that they are for, and seeing all that comes of it.
//!
//! [`SampleEvent::read_all`] reads them from files, in the order in which a connection would cause them. [`Recipient::of`] says which
//! function one is for, and [`Gateway::replay`] sends it there.

mod event;
mod files;
mod recipient;

use std::pin::pin;

use bytes::Bytes;

use crate::gateway::Gateway;
use crate::lambda::InvokeError;
use crate::service::connections::Adopted;
use crate::service::integration;

pub use event::{EventType, SampleEvent};
pub use files::SampleError;
pub use recipient::Recipient;

/// How much of a malformed answer a message shows, in bytes.
const SHOWN_BYTES: usize = 200;

/// What came of an event.
#[derive(Debug)]
#[non_exhaustive]
pub struct Replayed {
    /// What the function answered.
    pub answer: Result<Answer, ReplayError>,
    /// Every frame that was posted to the event's connection meanwhile, in order.
    pub frames: Vec<String>,
    /// Whether the function closed the connection.
    pub closed: bool,
}

/// An answer that API Gateway understands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body, if it has one. Whether a client gets to see it depends on the route.
    pub body: Option<String>,
    /// The whole answer, as the function wrote it.
    pub json: Bytes,
}

/// Why an event has no answer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The function did not answer.
    #[error(transparent)]
    Invoke(#[from] InvokeError),
    /// The function answered what API Gateway takes for an error of the function's.
    #[error(
        "the function's answer is malformed: {cause}: {}; API Gateway takes an object with a statusCode",
        String::from_utf8_lossy(&.answer[..answer.len().min(SHOWN_BYTES)])
    )]
    Malformed {
        /// What is wrong with it.
        cause: serde_json::Error,
        /// What the function answered.
        answer: Bytes,
    },
}

impl Gateway {
    /// Sends a sample event to a function, by its logical id, as if the event's connection were open, and collects what is posted there
    /// until the function has answered.
    ///
    /// Where the event has no usable connection id, which may be its very fault, it is sent all the same. So it is if a client is
    /// connected under this id, or an earlier event of the same connection still runs; the frames then go there.
    ///
    /// It takes as long as the function's own `Timeout` at most; that API Gateway waits no longer than 29 s is left to real clients.
    pub async fn replay(&self, function: &str, event: &SampleEvent) -> Replayed {
        let invocation = self.invoke(function, event.json().clone());
        let connection = event.connection_id().and_then(|id| self.adopt(id).ok());
        let (answer, frames, closed) = match connection {
            Some(connection) => collect(connection, invocation).await,
            None => (invocation.await, Vec::new(), false),
        };
        Replayed { answer: answer.map_err(ReplayError::from).and_then(understand), frames, closed }
    }
}

/// Reads the frames while the function works: as many as wait for a slow client are far fewer than a function may post.
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
