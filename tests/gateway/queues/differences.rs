//! Where the embedded queues answer differently from `moto`, on purpose.

/// A request that is answered differently.
pub(super) struct Difference {
    /// The request, as the comparison names it.
    pub(super) request: &'static str,
    /// Why ours is right, or does no harm.
    #[expect(dead_code, reason = "it is for the reader")]
    pub(super) why: &'static str,
}

pub(super) const DIFFERENCES: &[Difference] = &[
    Difference {
        request: r#"DeleteMessage {"QueueUrl":"$SHELF","ReceiptHandle":"rubbish"}"#,
        why: "SQS's own model says 404 of this error. Ours names the handle.",
    },
    Difference {
        request: r#"ChangeMessageVisibility {"QueueUrl":"$SHELF","ReceiptHandle":"$HANDLE","VisibilityTimeout":43201}"#,
        why: "The same error. Theirs does not say which value is wrong.",
    },
    Difference {
        request: r#"ChangeMessageVisibility {"QueueUrl":"$SHELF","ReceiptHandle":"$HANDLE"}"#,
        why: "Theirs fails.",
    },
    Difference {
        request: r#"ChangeMessageVisibility {"QueueUrl":"$SHELF","ReceiptHandle":"rubbish","VisibilityTimeout":0}"#,
        why: "SQS's own model says 404 of this error. Ours names the handle.",
    },
    Difference {
        request: r#"ChangeMessageVisibility {"QueueUrl":"$SHELF","ReceiptHandle":"$HANDLE","VisibilityTimeout":1}"#,
        why: "The message was deleted, and its handle is still a handle: SQS has been seen to say this.",
    },
    Difference { request: r#"SendMessage {"QueueUrl":"$SHELF"}"#, why: "Theirs fails." },
    Difference {
        request: r#"SendMessage {"QueueUrl":"$SHELF","MessageBody":""}"#,
        why: "SQS refuses an empty message: its length is at least 1.",
    },
    Difference { request: r#"SendMessage {"MessageBody":"m"}"#, why: "What is missing is the parameter." },
    Difference {
        request: r#"SendMessage {"QueueUrl":"$SHELF","MessageBody":"m","DelaySeconds":901}"#,
        why: "The same error in other words.",
    },
    Difference {
        request: r#"SendMessage {"QueueUrl":"$SHELF","MessageBody":"m","MessageAttributes":{"a":{"DataType":"String","StringValue":""}}}"#,
        why: "SQS refuses an attribute without a value.",
    },
    Difference {
        request: r#"SendMessage {"QueueUrl":"$SHELF","MessageBody":"m","MessageAttributes":{"a b":{"DataType":"String","StringValue":"x"}}}"#,
        why: "The same error in other words.",
    },
    Difference {
        request: r#"SendMessage {"QueueUrl":"$SHELF","MessageBody":"m","MessageDeduplicationId":"x"}"#,
        why: "A standard queue refuses what only a FIFO queue has.",
    },
    Difference {
        request: r#"ReceiveMessage {"QueueUrl":"$SHELF","MaxNumberOfMessages":10,"VisibilityTimeout":30}"#,
        why: "Theirs has the messages that ours has refused.",
    },
    Difference {
        request: r#"ReceiveMessage {"QueueUrl":"$SHELF","MaxNumberOfMessages":0}"#,
        why: "The same error. Theirs has the words that an SDK puts before it.",
    },
    Difference {
        request: r#"ReceiveMessage {"QueueUrl":"$SHELF","MaxNumberOfMessages":11}"#,
        why: "The same error. Theirs has the words that an SDK puts before it.",
    },
    Difference {
        request: r#"ReceiveMessage {"QueueUrl":"$SHELF","WaitTimeSeconds":21}"#,
        why: "The same error. Theirs has the words that an SDK puts before it.",
    },
    Difference {
        request: r#"ReceiveMessage {"QueueUrl":"$SHELF","VisibilityTimeout":43201}"#,
        why: "The same error. Theirs does not say which value is wrong.",
    },
    Difference {
        request: r#"ReceiveMessage {"QueueUrl":"$SHELF","AttributeNames":["Nonsense"]}"#,
        why: "SQS has no such attribute. Theirs says so of a queue's attributes, but not of a message's.",
    },
    Difference {
        request: r#"ChangeMessageVisibilityBatch {"QueueUrl":"$SHELF","Entries":[{"Id":"a","ReceiptHandle":"$HANDLE","VisibilityTimeout":60},{"Id":"b","ReceiptHandle":"rubbish","VisibilityTimeout":60}]}"#,
        why: "Ours names the handle.",
    },
    Difference {
        request: r#"ReceiveMessage {"QueueUrl":"$DEAD","AttributeNames":["All"]}"#,
        why: "A message in a dead-letter queue says where it comes from.",
    },
    Difference { request: r#"Nonsense {}"#, why: "Theirs fails." },
];
