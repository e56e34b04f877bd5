//! The limits of API Gateway and Lambda, each with its source. They stand here and nowhere else.

use std::time::Duration;

/// The largest message in bytes, from a client or to one.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": message payload size, 128 KB.
pub const MESSAGE_BYTES: usize = 128 * 1024;

/// The largest WebSocket frame in bytes.
/// Source: as above: WebSocket frame size, 32 KB.
pub const FRAME_BYTES: usize = 32 * 1024;

/// How long an integration may take unless the template says less.
/// Source: as above: integration timeout, 50 milliseconds to 29 seconds.
pub const INTEGRATION_TIMEOUT: Duration = Duration::from_secs(29);

/// The `Timeout` of a function that names none.
/// Source: AWS Lambda developer guide, "Configure Lambda function timeout": 3 seconds.
pub const FUNCTION_TIMEOUT: Duration = Duration::from_secs(3);

/// The `MemorySize` in MiB of a function that names none.
/// Source: AWS Lambda developer guide, "Configure Lambda function memory": 128 MB.
pub const FUNCTION_MEMORY: u32 = 128;

/// The largest payload that a function may be invoked with or answer, in bytes.
/// Source: AWS Lambda developer guide, "Lambda quotas": 6 MB each for request and response, synchronous.
pub const INVOCATION_BYTES: usize = 6 * 1024 * 1024;

/// After how long without data a connection is closed. Control frames don't count as data.
/// Source: API Gateway developer guide, "Quotas for configuring and running a WebSocket API": idle connection timeout, 10 minutes.
pub const IDLE_TIMEOUT: Duration = Duration::from_secs(10 * 60);

/// How long a connection lasts at most.
/// Source: as above: connection duration, 2 hours.
pub const MAX_DURATION: Duration = Duration::from_secs(2 * 60 * 60);
