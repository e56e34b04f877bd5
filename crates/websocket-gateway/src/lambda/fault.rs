//! The faults that a person has set, as a function shows them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde_json::json;

use super::InvokeError;
use crate::faults::OfInvocation;

/// Whether an invocation has met a fault that a person has set. This can be read while the invocation is waited for, and when it is not waited for any
/// more.
#[derive(Debug, Default)]
pub(crate) struct ByHand(AtomicBool);

impl ByHand {
    pub(crate) fn has_met(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    pub(super) fn note(&self, fault: OfInvocation) {
        if fault.is_any() {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// Looks at an answer, too: its process may have been killed.
    pub(super) fn of(&self, answer: Result<Bytes, InvokeError>) -> Result<Bytes, InvokeError> {
        if matches!(answer, Err(InvokeError::KilledByHand)) {
            self.0.store(true, Ordering::Relaxed);
        }
        answer
    }
}

/// Waits and fails as the faults say. The time that it waits counts towards the function's `Timeout`: what is slower than that is killed on AWS.
pub(super) async fn meet(fault: OfInvocation, timeout: Duration) -> Result<(), InvokeError> {
    if let Some(delay) = fault.delay {
        // Boxed, so that an invocation without a fault has no room for it.
        Box::pin(tokio::time::sleep(delay.min(timeout))).await;
        if delay >= timeout {
            return Err(InvokeError::TimedOut { after: timeout, during_init: false });
        }
    }
    if fault.fails {
        let (error_type, message) = ("Fault".to_owned(), "it was made to fail".to_owned());
        let payload = Bytes::from(json!({ "errorType": error_type, "errorMessage": message }).to_string());
        return Err(InvokeError::FunctionError { error_type, message, payload });
    }
    Ok(())
}
