//! What SQS says when it refuses a request.

use std::fmt;

/// Why a request, or an entry of a batch, is refused, in SQS's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) kind: Kind,
    pub(crate) message: String,
}

/// An error of SQS's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// Its type in the JSON protocol.
    pub(crate) name: &'static str,
    /// Its code in the query protocol. SDKs that have spoken that protocol before still know the error by it.
    /// Source: Smithy, "AWS query compatible error codes": the header `x-amzn-query-error`.
    pub(crate) code: &'static str,
    pub(crate) status: u16,
}

/// The errors of SQS's own model.
macro_rules! kinds {
    ($($constant:ident: $name:literal, $code:literal, $status:literal;)*) => {
        impl Kind {
            $(pub(crate) const $constant: Self = Self { name: $name, code: $code, status: $status };)*
        }
    };
}

kinds! {
    BATCH_ENTRY_IDS_NOT_DISTINCT: "com.amazonaws.sqs#BatchEntryIdsNotDistinct", "AWS.SimpleQueueService.BatchEntryIdsNotDistinct", 400;
    BATCH_REQUEST_TOO_LONG: "com.amazonaws.sqs#BatchRequestTooLong", "AWS.SimpleQueueService.BatchRequestTooLong", 400;
    EMPTY_BATCH_REQUEST: "com.amazonaws.sqs#EmptyBatchRequest", "AWS.SimpleQueueService.EmptyBatchRequest", 400;
    INTERNAL_FAILURE: "com.amazon.coral.service#InternalFailure", "InternalFailure", 500;
    INVALID_ATTRIBUTE_NAME: "com.amazonaws.sqs#InvalidAttributeName", "InvalidAttributeName", 400;
    INVALID_BATCH_ENTRY_ID: "com.amazonaws.sqs#InvalidBatchEntryId", "AWS.SimpleQueueService.InvalidBatchEntryId", 400;
    INVALID_MESSAGE_CONTENTS: "com.amazonaws.sqs#InvalidMessageContents", "InvalidMessageContents", 400;
    INVALID_PARAMETER_VALUE: "com.amazon.coral.service#InvalidParameterValueException", "InvalidParameterValue", 400;
    MESSAGE_NOT_INFLIGHT: "com.amazonaws.sqs#MessageNotInflight", "AWS.SimpleQueueService.MessageNotInflight", 400;
    MISSING_PARAMETER: "com.amazon.coral.service#MissingRequiredParameterException", "MissingParameter", 400;
    PURGE_QUEUE_IN_PROGRESS: "com.amazonaws.sqs#PurgeQueueInProgress", "AWS.SimpleQueueService.PurgeQueueInProgress", 403;
    QUEUE_DOES_NOT_EXIST: "com.amazonaws.sqs#QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", 400;
    RECEIPT_HANDLE_IS_INVALID: "com.amazonaws.sqs#ReceiptHandleIsInvalid", "ReceiptHandleIsInvalid", 404;
    REQUEST_THROTTLED: "com.amazonaws.sqs#RequestThrottled", "RequestThrottled", 403;
    SERIALIZATION: "com.amazon.coral.service#SerializationException", "MalformedInput", 400;
    TOO_MANY_ENTRIES: "com.amazonaws.sqs#TooManyEntriesInBatchRequest", "AWS.SimpleQueueService.TooManyEntriesInBatchRequest", 400;
    UNKNOWN_OPERATION: "com.amazon.coral.service#UnknownOperationException", "InvalidAction", 400;
    UNSUPPORTED_OPERATION: "com.amazonaws.sqs#UnsupportedOperation", "AWS.SimpleQueueService.UnsupportedOperation", 400;
}

impl Refusal {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(super) fn missing(parameter: &str) -> Self {
        Self::new(Kind::MISSING_PARAMETER, format!("The request must contain the parameter {parameter}."))
    }

    pub(super) fn invalid(value: impl fmt::Display, parameter: &str, reason: &str) -> Self {
        let message = format!("Value {value} for parameter {parameter} is invalid. Reason: {reason}");
        Self::new(Kind::INVALID_PARAMETER_VALUE, message)
    }

    pub(super) fn no_queue() -> Self {
        Self::new(Kind::QUEUE_DOES_NOT_EXIST, "The specified queue does not exist.")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
