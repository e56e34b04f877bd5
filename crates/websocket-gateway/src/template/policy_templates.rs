//! SAM's policy templates for DynamoDB tables.

use miette::SourceSpan;

use super::check::rules;
use super::error::Finding;

/// A policy in which the name of a table is to be filled in.
pub(super) struct PolicyTemplate {
    pub(super) name: &'static str,
    /// The actions, without `dynamodb:`.
    pub(super) actions: &'static [&'static str],
    /// What follows the table's ARN in each resource.
    pub(super) resources: &'static [&'static str],
}

/// Source: SAM developer guide, "AWS SAM policy template list".
const TEMPLATES: [PolicyTemplate; 4] = [
    PolicyTemplate {
        name: "DynamoDBCrudPolicy",
        actions: &[
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
        resources: &["", "/index/*"],
    },
    PolicyTemplate {
        name: "DynamoDBReadPolicy",
        actions: &["BatchGetItem", "DescribeTable", "GetItem", "Query", "Scan"],
        resources: &["", "/index/*"],
    },
    PolicyTemplate { name: "DynamoDBReconfigurePolicy", actions: &["UpdateTable"], resources: &[""] },
    PolicyTemplate {
        name: "DynamoDBWritePolicy",
        actions: &["BatchWriteItem", "PutItem", "UpdateItem"],
        resources: &["", "/index/*"],
    },
];

/// Policy templates for backups and streams of tables. Functions do not use these locally.
const UNUSED: [&str; 3] =
    ["DynamoDBBackupFullAccessPolicy", "DynamoDBRestoreFromBackupPolicy", "DynamoDBStreamReadPolicy"];

/// The policy template with this name, if it is about tables.
pub(super) fn called(name: &str) -> Option<&'static PolicyTemplate> {
    TEMPLATES.iter().find(|template| template.name == name)
}

/// Checks that `name` is plausible as a policy template for another service, and not the misspelt name of a policy template for tables.
pub(super) fn check_unguarded(name: &str, span: SourceSpan) -> Result<(), Finding> {
    if UNUSED.contains(&name) || (name.ends_with("Policy") && !name.to_ascii_lowercase().starts_with("dynamo")) {
        return Ok(());
    }
    let finding = Finding::at(span, format!("`{name}` is not one of SAM's policy templates"));
    let finding = finding.breaks(rules::UNKNOWN_POLICY_TEMPLATE);
    Err(finding.suggest(name, TEMPLATES.iter().map(|template| template.name)))
}
