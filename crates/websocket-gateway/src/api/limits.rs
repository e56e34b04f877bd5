//! The limits of API Gateway, and those of Lambda, DynamoDB and SQS that concern a template or a request, each with its source. In the gateway each stands here
//! and nowhere else. (The crate `lambda-websocket` has its own copy of the message size, because the two crates share no code.)

use std::time::Duration;

/// The largest message in bytes, from a client or to one.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": message payload size, 128 KB.
pub const MESSAGE_BYTES: usize = 128 * 1024;

/// The largest WebSocket frame in bytes.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": WebSocket frame size, 32 KB.
pub const FRAME_BYTES: usize = 32 * 1024;

/// The longest URL of a handshake, in characters.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": length of the URL, 4096
/// characters. A guess: the scheme and the host count.
pub const URL_CHARACTERS: usize = 4096;

/// How long an integration may take at most, and by default.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": integration timeout, 50 ms to 29 s.
pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// How long an authorizer may take.
/// Source: a guess: as long as an integration.
pub const AUTHORIZER_TIMEOUT: Duration = INTEGRATION_TIMEOUT;

/// The largest answer of an authorizer, in bytes.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": Lambda authorizer result size, 8 KB.
pub const AUTHORIZER_ANSWER_BYTES: usize = 8 * 1024;

/// The shortest timeout that a template can set for an integration.
/// Source: the same as for [`INTEGRATION_TIMEOUT`].
pub const SHORTEST_INTEGRATION_TIMEOUT: Duration = Duration::from_millis(50);

/// The `Timeout` of a function that does not set it.
/// Source: AWS Lambda developer guide, "Configure Lambda function timeout": 3 seconds.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest `Timeout` that a function can have.
/// Source: AWS Lambda developer guide, "Configure Lambda function timeout": 900 seconds.
pub const LONGEST_FUNCTION_TIMEOUT: Duration = Duration::from_secs(900);

/// The `MemorySize` of a function that does not set it, in MiB. It is also the smallest that a function can have.
/// Source: AWS Lambda developer guide, "Configure Lambda function memory": 128 MB to 10,240 MB.
pub const FUNCTION_MEMORY: u32 = 128;

/// The largest `MemorySize` that a function can have, in MiB.
/// Source: the same as for [`FUNCTION_MEMORY`].
pub const MOST_FUNCTION_MEMORY: u32 = 10_240;

/// The longest name of a function, in characters.
/// Source: AWS Lambda API reference, `CreateFunction`, `FunctionName`.
pub const FUNCTION_NAME_CHARACTERS: usize = 64;

/// The longest name of an IAM role, in characters.
/// Source: IAM API reference, `CreateRole`, `RoleName`.
pub const ROLE_NAME_CHARACTERS: usize = 64;

/// The longest name of a DynamoDB table, in characters.
/// Source: Amazon DynamoDB API reference, `CreateTable`, `TableName`.
pub const TABLE_NAME_CHARACTERS: usize = 255;

/// The longest name of a queue, in characters.
/// Source: Amazon SQS API reference, `CreateQueue`, `QueueName`.
pub const QUEUE_NAME_CHARACTERS: usize = 80;

/// The `VisibilityTimeout` of a queue that does not set it.
/// Source: Amazon SQS API reference, `SetQueueAttributes`: 0 to 43,200 seconds, 30 by default.
pub const VISIBILITY_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest `VisibilityTimeout`.
/// Source: the same as for [`VISIBILITY_TIMEOUT`].
pub const LONGEST_VISIBILITY_TIMEOUT: Duration = Duration::from_secs(12 * 60 * 60);

/// The longest `DelaySeconds` of a queue or of a message.
/// Source: Amazon SQS API reference, `SetQueueAttributes`: 0 to 900 seconds, 0 by default.
pub const LONGEST_DELAY: Duration = Duration::from_secs(15 * 60);

/// The `MessageRetentionPeriod` of a queue that does not set it.
/// Source: Amazon SQS API reference, `SetQueueAttributes`: 60 to 1,209,600 seconds, 345,600 by default.
pub const RETENTION: Duration = Duration::from_secs(4 * 24 * 60 * 60);

/// The shortest `MessageRetentionPeriod`.
/// Source: the same as for [`RETENTION`].
pub const SHORTEST_RETENTION: Duration = Duration::from_secs(60);

/// The longest `MessageRetentionPeriod`.
/// Source: the same as for [`RETENTION`].
pub const LONGEST_RETENTION: Duration = Duration::from_secs(14 * 24 * 60 * 60);

/// How long a `ReceiveMessage` may wait for a message at most.
/// Source: Amazon SQS API reference, `ReceiveMessage`, `WaitTimeSeconds`: 0 to 20.
pub const LONGEST_RECEIVE_WAIT: Duration = Duration::from_secs(20);

/// The largest message in bytes, with its attributes, and the largest batch of messages. Also the `MaximumMessageSize` of a queue that does not
/// set it.
/// Source: Amazon SQS developer guide, "Amazon SQS message quotas": 1 MiB.
pub const QUEUED_MESSAGE_BYTES: usize = 1024 * 1024;

/// The smallest `MaximumMessageSize`.
/// Source: Amazon SQS API reference, `SetQueueAttributes`: 1,024 bytes to 1,048,576.
pub const LEAST_QUEUED_MESSAGE_BYTES: usize = 1024;

/// How many messages one request can send, receive, delete or change.
/// Source: Amazon SQS developer guide, "Amazon SQS message quotas": 10.
pub const MESSAGES_A_REQUEST: usize = 10;

/// How many attributes of its sender's a message may have.
/// Source: Amazon SQS developer guide, "Amazon SQS message quotas": 10.
pub const MESSAGE_ATTRIBUTES: usize = 10;

/// How many messages of a queue may be received and not deleted yet.
/// Source: Amazon SQS developer guide, "Amazon SQS queue quotas": 120,000 for a standard queue.
pub const IN_FLIGHT: usize = 120_000;

/// How often a `PurgeQueue` is allowed.
/// Source: Amazon SQS API reference, `PurgeQueue`: once in 60 seconds.
pub const PURGE_PAUSE: Duration = Duration::from_secs(60);

/// The largest `maxReceiveCount` of a `RedrivePolicy`.
/// Source: Amazon SQS developer guide, "Amazon SQS dead-letter queues": 1 to 1,000.
pub const MOST_RECEIVES: u32 = 1000;

/// The `BatchSize` of an event source that does not set it.
/// Source: AWS Lambda API reference, `CreateEventSourceMapping`: 10 for SQS, at most 10,000.
pub const BATCH_SIZE: usize = 10;

/// The largest `BatchSize` of a standard queue. More than ten need a batching window.
/// Source: the same as for [`BATCH_SIZE`].
pub const LARGEST_BATCH: usize = 10_000;

/// The longest `MaximumBatchingWindowInSeconds`.
/// Source: AWS Lambda API reference, `CreateEventSourceMapping`: 300 seconds, 0 by default for SQS.
pub const LONGEST_BATCHING_WINDOW: Duration = Duration::from_secs(300);

/// The least `MaximumConcurrency` of an event source.
/// Source: AWS Lambda API reference, `ScalingConfig`: 2 to 1,000.
pub const LEAST_MAXIMUM_CONCURRENCY: usize = 2;

/// The largest `MaximumConcurrency` of an event source.
/// Source: the same as for [`LEAST_MAXIMUM_CONCURRENCY`].
pub const MOST_MAXIMUM_CONCURRENCY: usize = 1000;

/// How many batches of a queue are in progress at first, without a `MaximumConcurrency`. AWS adds 300 a minute while the queue stays full.
/// Source: AWS Lambda developer guide, "Configuring scaling behavior for SQS event source mappings": 5.
pub const FIRST_BATCHES: usize = 5;

/// How many requests a second API Gateway serves for an account, in most regions.
/// Source: API Gateway developer guide, "Amazon API Gateway quotas": 10,000 for HTTP, REST and WebSocket APIs together, with the posts to
/// `@connections`.
pub const REQUEST_RATE: u32 = 10_000;

/// How many requests may come at once.
/// Source: the same as for [`REQUEST_RATE`]: 5,000.
pub const REQUEST_BURST: u32 = 5_000;

/// The largest payload of an invocation or of its answer, in bytes.
/// Source: AWS Lambda developer guide, "Lambda quotas": 6 MB each for request and response, synchronous.
pub const INVOCATION_BYTES: usize = 6 * 1024 * 1024;

/// The largest size of a function's files with its layers, in bytes.
/// Source: AWS Lambda developer guide, "Lambda quotas": deployment package, 250 MB unzipped.
pub const UNZIPPED_BYTES: u128 = 250 * 1024 * 1024;

/// How many invocations of all functions of an account may be in progress at the same time, apart from functions that reserve a concurrency of
/// their own. A guess about the account: the quota can be raised, and new accounts may have less.
/// Source: AWS Lambda developer guide, "Lambda quotas": concurrent executions, 1,000.
pub const CONCURRENCY: usize = 1000;

/// How long a connection may carry no data before it is closed. Control frames do not count as data.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": idle connection timeout, 10 minutes.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// How long a connection may last before it is closed.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": connection duration, 2 hours.
pub const MAX_DURATION: Duration = Duration::from_secs(2 * 60 * 60);

/// How long a function's process may take from its start until it asks for its first event.
/// Source: AWS Lambda developer guide, "Lambda execution environment lifecycle": the Init phase is limited to 10 seconds.
pub const INIT_LIMIT: Duration = Duration::from_secs(10);

/// How many extensions an instance may have.
/// Source: AWS Lambda developer guide, "Using the Lambda Extensions API to create extensions", register: the limit is 10.
pub const EXTENSIONS: usize = 10;
