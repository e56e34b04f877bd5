//! DynamoDB's operations, and the methods of the embedded DynamoDB that do them.

use dynoxide::{Database, DynoxideError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{field_types, letter_case, unreadable};

/// What an operation answers: JSON, or an error in DynamoDB's words.
pub(super) type Outcome = Result<String, DynoxideError>;

/// An operation that the embedded DynamoDB knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    name: &'static str,
    run: fn(&Database, &'static str, &str) -> Outcome,
}

impl Operation {
    /// The operation of this name. `SearchVectors` is newer than most SDKs.
    pub(crate) fn named(name: &str) -> Option<Self> {
        OPERATIONS.iter().find(|operation| operation.name == name).copied()
    }

    pub(super) fn run(self, database: &Database, body: &str) -> Outcome {
        // A field of the wrong type makes any other operation fail. Looking at the fields only then saves reading each body twice.
        if matches!(self.name, "CreateTable" | "UpdateTable") {
            field_types::check(self.name, body)?;
            letter_case::check(database, self.name, body)?;
        }
        (self.run)(database, self.name, body).map_err(|error| match error {
            DynoxideError::ValidationException(_) | DynoxideError::SerializationException(_) => {
                field_types::check(self.name, body).err().unwrap_or(error)
            }
            // DynamoDB writes this one error with a `Message` and not a `message`.
            DynoxideError::ConditionalCheckFailedException(message, Some(item)) if self.name == "ExecuteStatement" => {
                DynoxideError::StatementConditionalCheckFailed(message, item)
            }
            error => error,
        })
    }
}

macro_rules! operations {
    ($($name:literal: $method:ident,)*) => {
        const OPERATIONS: &[Operation] = &[$(Operation {
            name: $name,
            run: |database, name, body| answer(name, body, |request| database.$method(request)),
        },)*];
    };
}

operations! {
    "BatchExecuteStatement": batch_execute_statement,
    "BatchGetItem": batch_get_item,
    "BatchWriteItem": batch_write_item,
    "CreateTable": create_table,
    "DeleteItem": delete_item,
    "DeleteTable": delete_table,
    "DescribeStream": describe_stream,
    "DescribeTable": describe_table,
    "DescribeTimeToLive": describe_time_to_live,
    "ExecuteStatement": execute_statement,
    "ExecuteTransaction": execute_transaction,
    "GetItem": get_item,
    "GetRecords": get_records,
    "GetShardIterator": get_shard_iterator,
    "ListStreams": list_streams,
    "ListTables": list_tables,
    "ListTagsOfResource": list_tags_of_resource,
    "PutItem": put_item,
    "Query": query,
    "Scan": scan,
    "SearchVectors": search_vectors,
    "TagResource": tag_resource,
    "TransactGetItems": transact_get_items,
    "TransactWriteItems": transact_write_items,
    "UntagResource": untag_resource,
    "UpdateItem": update_item,
    "UpdateTable": update_table,
    "UpdateTimeToLive": update_time_to_live,
}

fn answer<Q: DeserializeOwned, A: Serialize>(
    operation: &str,
    body: &str,
    method: impl FnOnce(Q) -> Result<A, DynoxideError>,
) -> Outcome {
    let request = serde_json::from_str(body).map_err(|error| unreadable::refusal(operation, body, &error))?;
    let answer = method(request)?;
    serde_json::to_string(&answer).map_err(|error| DynoxideError::InternalServerError(error.to_string()))
}
