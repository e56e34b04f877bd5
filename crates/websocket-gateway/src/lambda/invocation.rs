//! One invocation, from the caller to the answer.

use bytes::Bytes;
use tokio::sync::oneshot;

use super::error::InvokeError;
use crate::ids;

/// What a caller is told.
pub(super) type Answer = Result<Bytes, InvokeError>;

/// An event on its way to an instance, and the way back.
pub(super) struct Invocation {
    pub(super) delivery: Delivery,
    /// Whether an instance ended with it before, without having fetched it.
    pub(super) retried: bool,
    reply: oneshot::Sender<Answer>,
}

/// What the function sees of an invocation.
#[derive(Clone)]
pub(super) struct Delivery {
    /// `Lambda-Runtime-Aws-Request-Id`.
    pub(super) request_id: String,
    /// `Lambda-Runtime-Invocation-Id`: a runtime that knows it gives it back with the answer.
    pub(super) invocation_id: String,
    pub(super) event: Bytes,
}

impl Invocation {
    pub(super) fn new(event: Bytes) -> (Self, oneshot::Receiver<Answer>) {
        let (reply, answer) = oneshot::channel();
        let delivery = Delivery { request_id: ids::uuid(), invocation_id: ids::uuid(), event };
        (Self { delivery, retried: false, reply }, answer)
    }

    /// Tells the caller. One that has gone away is no error.
    pub(super) fn finish(self, answer: Answer) {
        let _ = self.reply.send(answer);
    }
}
