//! The limits of API Gateway and Lambda, each with its source. They stand here and nowhere else.

use std::time::Duration;

/// The largest message in bytes, from a client or to one.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": message payload size, 128 KB.
pub const MESSAGE_BYTES: usize = 128 * 1024;

/// The largest WebSocket frame in bytes.
/// Source: as above: WebSocket frame size, 32 KB.
pub const FRAME_BYTES: usize = 32 * 1024;

/// The longest URL of a handshake, in characters.
/// Source: as above: length, in characters, of the URL for a WebSocket API, 4096. That the scheme and the host count is a guess.
pub const URL_CHARACTERS: usize = 4096;

/// How long an integration may take unless the template says less, and at most.
/// Source: as above: integration timeout, 50 milliseconds to 29 seconds.
pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// How long an authorizer may take. A guess: as long as an integration.
pub const AUTHORIZER_TIMEOUT: Duration = INTEGRATION_TIMEOUT;

/// The largest answer of an authorizer in bytes.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": Lambda authorizer result size, 8 KB.
pub const AUTHORIZER_ANSWER_BYTES: usize = 8 * 1024;

/// The least that a template can set as an integration's timeout.
/// Source: as above.
pub const SHORTEST_INTEGRATION_TIMEOUT: Duration = Duration::from_millis(50);

/// The `Timeout` of a function that names none.
/// Source: AWS Lambda developer guide, "Configure Lambda function timeout": 3 seconds.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(3);

/// The longest `Timeout` of a function.
/// Source: as above: 900 seconds.
pub const LONGEST_FUNCTION_TIMEOUT: Duration = Duration::from_secs(900);

/// The `MemorySize` in MiB of a function that names none, and the least that one can name.
/// Source: AWS Lambda developer guide, "Configure Lambda function memory": 128 MB to 10,240 MB.
pub const FUNCTION_MEMORY: u32 = 128;

/// The largest `MemorySize` in MiB of a function.
/// Source: as above.
pub const MOST_FUNCTION_MEMORY: u32 = 10_240;

/// How many characters the name of a function has at most.
/// Source: AWS Lambda API reference, `CreateFunction`, `FunctionName`.
pub const FUNCTION_NAME_CHARACTERS: usize = 64;

/// How many characters the name of a role has at most.
/// Source: IAM API reference, `CreateRole`, `RoleName`.
pub const ROLE_NAME_CHARACTERS: usize = 64;

/// How many characters the name of a table has at most.
/// Source: Amazon DynamoDB API reference, `CreateTable`, `TableName`.
pub const TABLE_NAME_CHARACTERS: usize = 255;

/// The largest payload that a function may be invoked with or answer, in bytes.
/// Source: AWS Lambda developer guide, "Lambda quotas": 6 MB each for request and response, synchronous.
pub const INVOCATION_BYTES: usize = 6 * 1024 * 1024;

/// After how long without data a connection is closed. Control frames don't count as data.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": idle connection timeout, 10 minutes.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// How long a connection lasts at most.
/// Source: as above: connection duration, 2 hours.
pub const MAX_DURATION: Duration = Duration::from_secs(2 * 60 * 60);

/// How long an instance may take until it asks for its first event.
/// Source: AWS Lambda developer guide, "Lambda execution environment lifecycle": the Init phase is limited to 10 seconds.
pub const INIT_LIMIT: Duration = Duration::from_secs(10);
