//! One invocation, from the call to the answer.

use bytes::Bytes;
use tokio::sync::oneshot;

use super::concurrency::InProgress;
use super::error::InvokeError;
use crate::ids;

/// The answer that the caller gets.
pub(super) type Answer = Result<Bytes, InvokeError>;

/// An event on its way to an instance, and the channel for the answer.
pub(super) struct Invocation {
    pub(super) delivery: Delivery,
    /// Whether an earlier instance ended before it had fetched this invocation.
    pub(super) retried: bool,
    reply: oneshot::Sender<Answer>,
    _in_progress: InProgress,
}

/// The part of an invocation that the function gets.
#[derive(Clone)]
pub(super) struct Delivery {
    /// `Lambda-Runtime-Aws-Request-Id`.
    pub(super) request_id: String,
    /// `Lambda-Runtime-Invocation-Id`. Runtimes that know this header return it with the answer.
    pub(super) invocation_id: String,
    pub(super) event: Bytes,
}

impl Invocation {
    pub(super) fn new(event: Bytes, in_progress: InProgress) -> (Self, oneshot::Receiver<Answer>) {
        let (reply, answer) = oneshot::channel();
        let delivery = Delivery { request_id: ids::uuid(), invocation_id: ids::uuid(), event };
        (Self { delivery, retried: false, reply, _in_progress: in_progress }, answer)
    }

    /// Whether its caller has given up.
    pub(super) fn is_abandoned(&self) -> bool {
        self.reply.is_closed()
    }

    /// Answers the caller. Nothing happens if the caller does not wait any more.
    pub(super) fn finish(self, answer: Answer) {
        let _ = self.reply.send(answer);
    }
}
