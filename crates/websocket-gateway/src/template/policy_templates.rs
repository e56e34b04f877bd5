//! SAM's policy templates, as far as they are about tables.

use miette::SourceSpan;

use super::error::Finding;

/// A policy with a gap for the name of a table.
pub(super) struct PolicyTemplate {
    pub(super) name: &'static str,
    /// Without `dynamodb:`.
    pub(super) actions: &'static [&'static str],
    /// What follows the ARN of the table.
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

/// About tables too, but of what no function does with the embedded store.
const UNUSED: [&str; 3] =
    ["DynamoDBBackupFullAccessPolicy", "DynamoDBRestoreFromBackupPolicy", "DynamoDBStreamReadPolicy"];

pub(super) fn called(name: &str) -> Option<&'static PolicyTemplate> {
    TEMPLATES.iter().find(|template| template.name == name)
}

/// The others are about other services; but a name that is only misspelt must not pass for one of them.
pub(super) fn check_unguarded(name: &str, span: SourceSpan) -> Result<(), Finding> {
    if UNUSED.contains(&name) || (name.ends_with("Policy") && !name.to_ascii_lowercase().starts_with("dynamo")) {
        return Ok(());
    }
    let finding = Finding::at(span, format!("`{name}` is none of SAM's policy templates"));
    Err(finding.suggest(name, TEMPLATES.iter().map(|template| template.name)))
}
