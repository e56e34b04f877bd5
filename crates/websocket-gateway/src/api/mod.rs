//! The model of a WebSocket API, in API Gateway's terms: its stage, routes, authorizer, functions, tables and queues, and AWS's [`limits`].
//!
//! The gateway makes it from a template, with every intrinsic function resolved. Nothing here knows CloudFormation or SAM.

mod account;
mod authorizer;
mod body_path;
mod code;
pub mod limits;
mod lookup;
mod queue;
mod rate_limit;
mod route_selection_expression;

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::iam::Policy;
use crate::secrets::Names;

pub use account::Account;
pub use authorizer::{Authorizer, IdentitySource};
pub use code::{Code, Files, Layer, Place, Runtime};
pub use queue::{EventSource, Queue, Redrive};
pub use rate_limit::{InvalidRateLimit, RateLimit};
pub use route_selection_expression::{InvalidExpression, RouteSelectionExpression};

/// A WebSocket API and the stage that is served, with the functions, tables and queues of its template.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Api {
    /// The API's logical id in the template.
    pub logical_id: String,
    /// The API id in URLs, ARNs and events: 10 lower-case letters and digits. It is derived from the logical id, so that it stays the same.
    pub api_id: String,
    /// The account and the region that the API's ARNs name.
    pub account: Account,
    /// Where a message has its route key, for example `$request.body.action`.
    pub route_selection_expression: RouteSelectionExpression,
    /// The stage that is served.
    pub stage: Stage,
    /// Every route that is served, by its route key: `$connect`, `$disconnect`, `$default` or the API's own.
    pub routes: BTreeMap<String, Route>,
    /// Routes of the template that the gateway can't serve, by their route keys, with the reason: for example an integration that is not a
    /// Lambda proxy. To clients they behave as a route whose integration fails.
    pub unserved: BTreeMap<String, String>,
    /// The authorizer of `$connect`. Without one, every client may connect unless `$connect` refuses it.
    pub authorizer: Option<Authorizer>,
    /// Every function of the template, by its logical id. See [`Api::invokes`] for those that serve the API.
    pub functions: BTreeMap<String, Function>,
    /// Every DynamoDB table in the template.
    pub tables: Vec<Table>,
    /// Every queue in the template.
    pub queues: Vec<Queue>,
    /// What invokes functions with the messages of these queues.
    pub event_sources: Vec<EventSource>,
}

impl Api {
    /// Where the API is on AWS: `{api id}.execute-api.{region}.amazonaws.com`.
    #[must_use]
    pub fn host(&self) -> String {
        format!("{}.{}", self.api_id, self.account.host_of("execute-api"))
    }
}

/// A stage of the API.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Stage {
    /// The stage's name, which is the path of the API's URL: `wss://host/{name}`.
    pub name: String,
    /// The stage variables. Events have them as `stageVariables`; without any, events do not have that key.
    pub variables: BTreeMap<String, String>,
}

/// A route and the Lambda proxy integration behind it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Route {
    /// The logical id of the function in [`Api::functions`].
    pub function: String,
    /// How long the integration may take, from 50 ms to 29 s. Then the client gets an `Endpoint request timed out` frame, or a 504
    /// during its handshake.
    /// Source: see [`limits::INTEGRATION_TIMEOUT`].
    pub integration_timeout: Duration,
    /// Whether the route is two-way: the client gets the `body` that the function returns. This needs both a
    /// `RouteResponseSelectionExpression` and a RouteResponse.
    /// Source: API Gateway developer guide, "Set up route responses for WebSocket APIs in API Gateway".
    pub route_response: bool,
}

/// A Lambda function: what the gateway needs to build it, to start it and to invoke it.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct Function {
    /// The logical id in the template.
    pub logical_id: String,
    /// The function's `FunctionName`. Without that property it is `{name of the stack}-{logical id}`.
    pub name: String,
    /// The ARN, in the API's account and region.
    pub arn: String,
    /// Where the template defines it, as messages show it: `{file}:{line}:{column}`, for example `template.yaml:12:3`.
    pub defined_at: String,
    /// What it is built from, or what runs as it is.
    pub code: Code,
    /// The environment variables that the template sets. Empty for [`Code::NotHere`].
    pub environment: BTreeMap<String, String>,
    /// How long one invocation may run, as in `Timeout`: 1 to 900 seconds, 3 by default.
    pub timeout: Duration,
    /// The memory in MiB, as in `MemorySize`: 128 to 10,240, 128 by default.
    pub memory_size: u32,
    /// How many invocations may run at the same time, as in `ReservedConcurrentExecutions`. Further ones are throttled. `None` if the
    /// template sets no limit.
    pub reserved_concurrency: Option<u32>,
    /// What the function's role allows for the services that the gateway guards: `execute-api`, `dynamodb` and `sqs`.
    pub(crate) policy: Policy,
}

/// Without the values of the stage variables, which may be secrets.
impl fmt::Debug for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, variables } = self;
        f.debug_struct("Stage").field("name", name).field("variables", &Names(variables)).finish()
    }
}

/// Without the values of the environment variables, which may be secrets.
impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Each by its name, so that a new field is not forgotten.
        let Self {
            logical_id,
            name,
            arn,
            defined_at,
            code,
            environment,
            timeout,
            memory_size,
            reserved_concurrency,
            policy,
        } = self;
        f.debug_struct("Function")
            .field("logical_id", logical_id)
            .field("name", name)
            .field("arn", arn)
            .field("defined_at", defined_at)
            .field("code", code)
            .field("environment", &Names(environment))
            .field("timeout", timeout)
            .field("memory_size", memory_size)
            .field("reserved_concurrency", reserved_concurrency)
            .field("policy", policy)
            .finish()
    }
}

/// A DynamoDB table, in the form of the requests that create it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// The logical id in the template.
    pub logical_id: String,
    /// The table's name, which functions get from `!Ref`: its `TableName`, or else `{name of the stack}-{logical id}`.
    pub name: String,
    /// The body of the `CreateTable` request.
    /// Source: Amazon DynamoDB API reference, `CreateTable`.
    pub create_table: serde_json::Value,
    /// The attribute with the time, in seconds since 1970, at which an item expires. `None` if items do not expire.
    /// Source: Amazon DynamoDB API reference, `TimeToLiveSpecification`.
    pub time_to_live_attribute: Option<String>,
}
