//! SAM's policy templates for DynamoDB tables, SQS queues and Lambda functions.

use miette::SourceSpan;

use super::check::rules;
use super::error::Finding;
use crate::api::Account;
use crate::iam::{Effect, Statement};

/// A policy in which the name of a table, a queue or a function is to be filled in.
pub(super) struct PolicyTemplate {
    pub(super) name: &'static str,
    /// What is to be filled in.
    pub(super) parameter: &'static str,
    service: &'static str,
    /// The actions, without the service.
    actions: &'static [&'static str],
    /// What stands before the name in a resource.
    before: &'static str,
    /// What follows the name in each resource.
    after: &'static [&'static str],
}

/// Source: SAM developer guide, "AWS SAM policy template list".
const TEMPLATES: [PolicyTemplate; 7] = [
    of_a_table(
        "DynamoDBCrudPolicy",
        &[
            "BatchGetItem",
            "BatchWriteItem",
            "ConditionCheckItem",
            "DeleteItem",
            "DescribeTable",
            "GetItem",
            "PutItem",
            "Query",
            "Scan",
            "UpdateItem",
        ],
        &["", "/index/*"],
    ),
    of_a_table("DynamoDBReadPolicy", &["BatchGetItem", "DescribeTable", "GetItem", "Query", "Scan"], &["", "/index/*"]),
    of_a_table("DynamoDBReconfigurePolicy", &["UpdateTable"], &[""]),
    of_a_table("DynamoDBWritePolicy", &["BatchWriteItem", "PutItem", "UpdateItem"], &["", "/index/*"]),
    of_a_queue(
        "SQSPollerPolicy",
        &[
            "ChangeMessageVisibility",
            "ChangeMessageVisibilityBatch",
            "DeleteMessage",
            "DeleteMessageBatch",
            "GetQueueAttributes",
            "ReceiveMessage",
        ],
    ),
    of_a_queue("SQSSendMessagePolicy", &["SendMessage*"]),
    PolicyTemplate {
        name: "LambdaInvokePolicy",
        parameter: "FunctionName",
        service: "lambda",
        actions: &["InvokeFunction"],
        before: "function:",
        // Also the function's versions and aliases.
        after: &["*"],
    },
];

const fn of_a_table(
    name: &'static str,
    actions: &'static [&'static str],
    after: &'static [&'static str],
) -> PolicyTemplate {
    PolicyTemplate { name, parameter: "TableName", service: "dynamodb", actions, before: "table/", after }
}

const fn of_a_queue(name: &'static str, actions: &'static [&'static str]) -> PolicyTemplate {
    PolicyTemplate { name, parameter: "QueueName", service: "sqs", actions, before: "", after: &[""] }
}

/// Policy templates for backups and streams of tables. Functions do not use these locally.
const UNUSED: [&str; 3] =
    ["DynamoDBBackupFullAccessPolicy", "DynamoDBRestoreFromBackupPolicy", "DynamoDBStreamReadPolicy"];

impl PolicyTemplate {
    /// What it allows for what has this name.
    pub(super) fn statement(&self, account: &Account, name: &str) -> Statement {
        let Self { service, actions, before, after, .. } = self;
        Statement {
            effect: Effect::Allow,
            actions: actions.iter().map(|action| format!("{service}:{action}")).collect(),
            resources: after.iter().map(|after| account.arn(service, &format!("{before}{name}{after}"))).collect(),
        }
    }
}

/// The policy template with this name, if it is about a service that the gateway guards.
pub(super) fn called(name: &str) -> Option<&'static PolicyTemplate> {
    TEMPLATES.iter().find(|template| template.name == name)
}

/// Checks that `name` is plausible as a policy template for another service, and not the misspelt name of one for a service that the gateway guards.
pub(super) fn check_unguarded(name: &str, span: SourceSpan) -> Result<(), Finding> {
    let is_guarded = |name: &str| ["dynamo", "lambda", "sqs"].iter().any(|service| name.starts_with(service));
    if UNUSED.contains(&name) || (name.ends_with("Policy") && !is_guarded(&name.to_ascii_lowercase())) {
        return Ok(());
    }
    let finding = Finding::at(span, format!("`{name}` is not one of SAM's policy templates"));
    let finding = finding.breaks(rules::UNKNOWN_POLICY_TEMPLATE);
    Err(finding.suggest(name, TEMPLATES.iter().map(|template| template.name)))
}
