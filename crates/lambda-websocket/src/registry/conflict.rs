//! Calls that meet another call for the same row.

use std::time::Duration;

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

/// How often a call is tried. The pauses between make 0.6 s together.
const TRIES: u32 = 6;

/// A failure that passes when another call for the same row is done, which takes some milliseconds. The SDK does not repeat such calls.
pub(super) trait Conflict {
    fn is_conflict(&self) -> bool;

    /// Whether the call's condition did not hold.
    fn is_refusal(&self) -> bool;
}

impl Conflict for DeleteItemError {
    fn is_conflict(&self) -> bool {
        self.is_transaction_conflict_exception()
    }

    fn is_refusal(&self) -> bool {
        self.is_conditional_check_failed_exception()
    }
}

impl Conflict for UpdateItemError {
    fn is_conflict(&self) -> bool {
        self.is_transaction_conflict_exception()
    }

    fn is_refusal(&self) -> bool {
        self.is_conditional_check_failed_exception()
    }
}

impl Conflict for TransactWriteItemsError {
    fn is_conflict(&self) -> bool {
        has_reason(self, &["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
    }

    fn is_refusal(&self) -> bool {
        has_reason(self, &["ConditionalCheckFailed"])
    }
}

/// Source: DynamoDB API reference, "TransactWriteItems": cancellation reasons.
fn has_reason(error: &TransactWriteItemsError, codes: &[&str]) -> bool {
    let TransactWriteItemsError::TransactionCanceledException(canceled) = error else { return false };
    canceled.cancellation_reasons().iter().filter_map(|reason| reason.code()).any(|code| codes.contains(&code))
}

/// Makes a call with a condition, again as long as it meets another call. `None` if the condition does not hold.
pub(super) async fn conditional<T, E: Conflict>(
    call: impl AsyncFn() -> Result<T, SdkError<E>>,
) -> Result<Option<T>, SdkError<E>> {
    let mut tries = 1;
    loop {
        let error = match call().await {
            Ok(answer) => return Ok(Some(answer)),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(service) if service.is_refusal() => return Ok(None),
            Some(service) if service.is_conflict() && tries < TRIES => {}
            _ => return Err(error),
        }
        tokio::time::sleep(Duration::from_millis(10 << tries)).await;
        tries += 1;
    }
}
