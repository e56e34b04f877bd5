//! What a template says, in API Gateway's words, with every intrinsic resolved. Nothing here knows CloudFormation or SAM.

mod account;
mod authorizer;
mod body_path;
pub mod limits;
mod lookup;
mod route_selection_expression;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::iam::Policy;

pub use account::Account;
pub use authorizer::{Authorizer, IdentitySource};
pub use route_selection_expression::{InvalidExpression, RouteSelectionExpression};

/// One WebSocket API with its one stage, and what the template puts around it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Api {
    /// The API's logical id in the template.
    pub logical_id: String,
    /// The id in URLs and events: 10 lower-case letters and digits, the same on every start.
    pub api_id: String,
    /// The account and region that its ARNs name.
    pub account: Account,
    /// How a message names its route.
    pub route_selection_expression: RouteSelectionExpression,
    /// The stage that is served.
    pub stage: Stage,
    /// Every route by its route key.
    pub routes: BTreeMap<String, Route>,
    /// Who decides whether a client may connect; without one every client may try.
    pub authorizer: Option<Authorizer>,
    /// Every function that a route or the authorizer calls, by its logical id.
    pub functions: BTreeMap<String, Function>,
    /// Every DynamoDB table of the template.
    pub tables: Vec<Table>,
}

/// A stage: the first part of the path, and its variables.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Stage {
    /// The name, as in `wss://host/{name}`.
    pub name: String,
    /// What events carry as `stageVariables`; events of a stage without any have no such key.
    pub variables: BTreeMap<String, String>,
}

/// A route and the Lambda proxy integration behind it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Route {
    /// The logical id of the function in [`Api::functions`].
    pub function: String,
    /// How long the integration may take before the client is told that it timed out.
    pub integration_timeout: Duration,
    /// Whether the function's `body` is sent to the client: true only where the route has both the selection expression and the
    /// RouteResponse.
    pub route_response: bool,
}

/// A Lambda function: what the gateway needs to build it, start it and call it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Function {
    /// The logical id in the template.
    pub logical_id: String,
    /// `FunctionName` where the template gives one, else `{directory of the template}-{logical id}`.
    pub name: String,
    /// The ARN, in the template's account and region.
    pub arn: String,
    /// Where the template defines it, for messages: `template.yaml:12:3`.
    pub defined_at: String,
    /// What it is built from.
    pub code: Code,
    /// The environment that the template gives it.
    pub environment: BTreeMap<String, String>,
    /// How long one invocation may run.
    pub timeout: Duration,
    /// In MiB, as in `MemorySize`.
    pub memory_size: u32,
    /// How many invocations may be under way at the same time, as in `ReservedConcurrentExecutions`; further ones are throttled.
    pub reserved_concurrency: Option<u32>,
    /// What its role allows, of what the gateway guards: `execute-api` and `dynamodb`.
    pub(crate) policy: Policy,
}

/// What a function is built from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// A crate.
    Cargo {
        /// The crate's directory, resolved against the template's.
        directory: PathBuf,
        /// The name of the binary; without it the crate must have exactly one.
        binary: Option<String>,
    },
    /// Nothing that the gateway could build: another runtime, an image, code in S3. The function can only be called where somebody
    /// else runs it.
    NotHere {
        /// The reason, to be read after "it can't be started here:".
        why: String,
    },
}

/// A DynamoDB table, as the requests that make it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Table {
    /// The logical id in the template.
    pub logical_id: String,
    /// The name that functions get from `!Ref`.
    pub name: String,
    /// The body of a `CreateTable` request.
    pub create_table: serde_json::Value,
    /// The attribute that holds the time to live, if the table has one.
    pub time_to_live_attribute: Option<String>,
}
