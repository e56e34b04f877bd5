//! The event that a function gets with the messages of a queue.
//!
//! Source: AWS Lambda developer guide, "Using Lambda with Amazon SQS", "Example standard queue message event".

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A message as `ReceiveMessage` answers with it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Message {
    pub(crate) message_id: String,
    pub(crate) receipt_handle: String,
    pub(crate) body: String,
    #[serde(rename = "MD5OfBody")]
    md5_of_body: String,
    attributes: BTreeMap<String, String>,
    #[serde(rename = "MD5OfMessageAttributes")]
    md5_of_attributes: Option<String>,
    message_attributes: BTreeMap<String, Attribute>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Attribute {
    data_type: String,
    string_value: Option<String>,
    binary_value: Option<String>,
}

/// The queue that the messages come from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queue<'a> {
    pub(crate) arn: &'a str,
    pub(crate) region: &'a str,
}

#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "Records")]
    records: Vec<Record<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    message_id: &'a str,
    receipt_handle: &'a str,
    body: &'a str,
    attributes: &'a BTreeMap<String, String>,
    message_attributes: BTreeMap<&'a str, RecordAttribute<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    md5_of_message_attributes: Option<&'a str>,
    md5_of_body: &'a str,
    event_source: &'static str,
    #[serde(rename = "eventSourceARN")]
    event_source_arn: &'a str,
    aws_region: &'a str,
}

/// Lists are a type that SQS has never had; the event has them all the same.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecordAttribute<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    string_value: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    binary_value: Option<&'a str>,
    string_list_values: [(); 0],
    binary_list_values: [(); 0],
    data_type: &'a str,
}

/// The messages in the answer to a `ReceiveMessage`.
pub(crate) fn messages(mut answer: Value) -> Vec<Message> {
    let messages = answer.get_mut("Messages").map(Value::take).unwrap_or_default();
    serde_json::from_value(messages).unwrap_or_default()
}

/// Writes the event for messages of a queue.
pub(crate) fn write(messages: &[Message], queue: Queue<'_>) -> Bytes {
    let records = messages.iter().map(|message| Record {
        message_id: &message.message_id,
        receipt_handle: &message.receipt_handle,
        body: &message.body,
        attributes: &message.attributes,
        message_attributes: message
            .message_attributes
            .iter()
            .map(|(name, value)| (name.as_str(), value.into()))
            .collect(),
        md5_of_message_attributes: message.md5_of_attributes.as_deref(),
        md5_of_body: &message.md5_of_body,
        event_source: "aws:sqs",
        event_source_arn: queue.arn,
        aws_region: queue.region,
    });
    // Nothing in it can fail to be written.
    serde_json::to_vec(&Event { records: records.collect() }).unwrap_or_default().into()
}

impl<'a> From<&'a Attribute> for RecordAttribute<'a> {
    fn from(attribute: &'a Attribute) -> Self {
        Self {
            string_value: attribute.string_value.as_deref(),
            binary_value: attribute.binary_value.as_deref(),
            string_list_values: [],
            binary_list_values: [],
            data_type: &attribute.data_type,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_record_has_every_key_of_the_real_one_and_no_other() {
        let answer = json!({ "Messages": [
            {
                "MessageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
                "ReceiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
                "Body": "Test message.",
                "Attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": "1545082649183",
                    "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                    "ApproximateFirstReceiveTimestamp": "1545082649185"
                },
                "MessageAttributes": { "mine": { "StringValue": "value", "DataType": "String" } },
                "MD5OfMessageAttributes": "b",
                "MD5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3"
            },
            { "MessageId": "2", "ReceiptHandle": "r", "Body": "x", "MD5OfBody": "m" }
        ] });
        let messages = messages(answer);
        let arn = "arn:aws:sqs:us-east-2:123456789012:my-queue";
        let event: Value = serde_json::from_slice(&write(&messages, Queue { arn, region: "us-east-2" })).unwrap();
        let expected = json!({ "Records": [
            {
                "messageId": "059f36b4-87a3-44ab-83d2-661975830a7d",
                "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
                "body": "Test message.",
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": "1545082649183",
                    "SenderId": "AIDAIENQZJOLO23YVJ4VO",
                    "ApproximateFirstReceiveTimestamp": "1545082649185"
                },
                "messageAttributes": {
                    "mine": { "stringValue": "value", "stringListValues": [], "binaryListValues": [], "dataType": "String" }
                },
                "md5OfMessageAttributes": "b",
                "md5OfBody": "e4e68fb7bd0e697a0ae8f1bb342846b3",
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
                "awsRegion": "us-east-2"
            },
            {
                "messageId": "2",
                "receiptHandle": "r",
                "body": "x",
                "attributes": {},
                "messageAttributes": {},
                "md5OfBody": "m",
                "eventSource": "aws:sqs",
                "eventSourceARN": arn,
                "awsRegion": "us-east-2"
            }
        ] });
        assert_eq!(event, expected);
    }
}
