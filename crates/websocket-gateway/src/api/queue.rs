use std::time::Duration;

/// A standard queue of Amazon SQS. Defaults and limits are in [`limits`](super::limits).
/// Source: Amazon SQS API reference, `SetQueueAttributes`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Queue {
    /// The logical id in the template.
    pub logical_id: String,
    /// The queue's `QueueName`. Without that property it is `{name of the stack}-{logical id}`.
    pub name: String,
    /// The ARN, in the API's account and region.
    pub arn: String,
    /// The queue's URL: in a template that of AWS, in a running gateway the local one.
    pub url: String,
    /// How long a message that was received is not received again, as in `VisibilityTimeout`: up to 12 hours, 30 seconds by default.
    pub visibility_timeout: Duration,
    /// How long a new message waits before it can be received, as in `DelaySeconds`: up to 15 minutes, none by default.
    pub delay: Duration,
    /// How long a message is kept, as in `MessageRetentionPeriod`: a minute to 14 days, 4 days by default.
    pub retention: Duration,
    /// How long a `ReceiveMessage` waits that does not say how long, as in `ReceiveMessageWaitTimeSeconds`: up to 20 seconds, none by default.
    pub receive_wait: Duration,
    /// The largest message in bytes, as in `MaximumMessageSize`: 1 KiB to 1 MiB, 1 MiB by default.
    pub message_bytes: usize,
    /// What becomes of messages that are received too often. `None` if they are received until they expire.
    pub redrive: Option<Redrive>,
}

/// A queue's `RedrivePolicy`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Redrive {
    /// The name of the dead-letter queue, which is a queue of the same template.
    pub dead_letter_queue: String,
    /// How often a message is received before it goes there, as in `maxReceiveCount`: 1 to 1,000.
    pub max_receive_count: u32,
}

/// An event source mapping: a function that Lambda invokes with the messages of a queue.
/// Source: AWS Lambda developer guide, "Using Lambda with Amazon SQS".
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EventSource {
    /// The name of the queue in [`Api::queues`](super::Api::queues).
    pub queue: String,
    /// The logical id of the function in [`Api::functions`](super::Api::functions).
    pub function: String,
    /// How many messages one event has at most, as in `BatchSize`: 1 to 10,000, 10 by default.
    pub batch_size: usize,
    /// How long messages are collected for one event, as in `MaximumBatchingWindowInSeconds`: up to 5 minutes, not at all by default.
    pub batching_window: Duration,
    /// Whether the function's answer names the messages that have failed, as in `FunctionResponseTypes`. Otherwise a batch succeeds or fails as
    /// a whole.
    pub reports_failures: bool,
    /// How many batches may be in progress at the same time, as in `MaximumConcurrency`: 2 to 1,000. `None` if the template sets no limit.
    pub maximum_concurrency: Option<usize>,
}
