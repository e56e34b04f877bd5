//! Which permissions a request to DynamoDB needs.
//!
//! Source: Service authorization reference, "Actions, resources, and condition keys for Amazon DynamoDB".

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::api::Account;

/// One action on one resource.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Need {
    pub(crate) action: String,
    pub(crate) resource: Resource,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Resource {
    /// A resource that the request itself names by its ARN.
    Arn(String),
    Table(String),
    Index {
        table: String,
        index: String,
    },
    /// Every table: the request does not name one, or can't be understood.
    EveryTable,
}

impl Resource {
    pub(crate) fn arn(&self, account: &Account) -> String {
        match self {
            Self::Arn(arn) => arn.clone(),
            Self::Table(table) => account.arn("dynamodb", &format!("table/{table}")),
            Self::Index { table, index } => account.arn("dynamodb", &format!("table/{table}/index/{index}")),
            Self::EveryTable => account.arn("dynamodb", "table/*"),
        }
    }

    /// The resource that a request names. A table can be named by its ARN, too.
    fn of(table: String, index: Option<String>) -> Self {
        match (table.starts_with("arn:"), index) {
            (true, Some(index)) => Self::Arn(format!("{table}/index/{index}")),
            (true, None) => Self::Arn(table),
            (false, Some(index)) => Self::Index { table, index },
            (false, None) => Self::Table(table),
        }
    }
}

/// The fields that name a request's tables, for all operations.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Request {
    table_name: Option<String>,
    index_name: Option<String>,
    resource_arn: Option<String>,
    stream_arn: Option<String>,
    request_items: BTreeMap<String, IgnoredAny>,
    transact_items: Vec<BTreeMap<String, Item>>,
    statement: Option<String>,
    statements: Vec<Statement>,
    transact_statements: Vec<Statement>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    table_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    statement: String,
}

/// The permissions that `operation` needs with this body. The caller must have all of them.
///
/// # Errors
/// If the body is not valid JSON, or has a field with a wrong type.
pub(crate) fn needs(operation: &str, body: &[u8]) -> Result<Vec<Need>, serde_json::Error> {
    let request: Request = serde_json::from_slice(body)?;
    let need = |action: &str, resource| Need { action: format!("dynamodb:{action}"), resource };
    let statements = request.statement.into_iter();
    let statements =
        statements.chain(request.statements.into_iter().chain(request.transact_statements).map(|s| s.statement));
    let mut needs: Vec<_> =
        statements.flat_map(|statement| partiql(&statement)).map(|(action, resource)| need(action, resource)).collect();
    needs.extend(request.request_items.into_keys().map(|table| need(operation, Resource::of(table, None))));
    for (kind, item) in request.transact_items.into_iter().flatten() {
        needs.push(need(action_of(&kind), Resource::of(item.table_name, None)));
    }
    if let Some(table) = request.table_name {
        needs.push(need(operation, Resource::of(table, request.index_name)));
    }
    if let Some(arn) = request.resource_arn.or(request.stream_arn) {
        needs.push(need(operation, Resource::Arn(arn)));
    }
    if needs.is_empty() {
        needs.push(need(operation, Resource::EveryTable));
    }
    Ok(needs)
}

/// The action of an item in a transaction. It is the same as outside a transaction.
fn action_of(kind: &str) -> &str {
    match kind {
        "Get" => "GetItem",
        "Put" => "PutItem",
        "Update" => "UpdateItem",
        "Delete" => "DeleteItem",
        "ConditionCheck" => "ConditionCheckItem",
        other => other,
    }
}

/// The permissions that a `PartiQL` statement needs. Statements are not parsed. A statement that does not begin in the usual way, or that may
/// hide something before its table's name in a comment or in quotes, needs all actions on all tables.
fn partiql(statement: &str) -> Vec<(&'static str, Resource)> {
    let named = action_and_name(statement).filter(|(_, name)| !hides(name) && !name.contains(','));
    let Some((action, name)) = named else {
        return ["PartiQLSelect", "PartiQLInsert", "PartiQLUpdate", "PartiQLDelete"]
            .map(|action| (action, Resource::EveryTable))
            .into();
    };
    let mut parts = name.split('"').filter(|part| !part.is_empty() && *part != ".");
    let table = parts.next().unwrap_or_default().to_owned();
    vec![(action, Resource::of(table, parts.next().map(str::to_owned)))]
}

fn action_and_name(statement: &str) -> Option<(&'static str, &str)> {
    let words: Vec<_> = statement.split_whitespace().collect();
    let is = |word: &&str, expected: &str| word.eq_ignore_ascii_case(expected);
    match words.as_slice() {
        [first, second, name, ..] if is(first, "INSERT") && is(second, "INTO") => Some(("PartiQLInsert", name)),
        [first, name, ..] if is(first, "UPDATE") => Some(("PartiQLUpdate", name)),
        [first, second, name, ..] if is(first, "DELETE") && is(second, "FROM") => Some(("PartiQLDelete", name)),
        [first, rest @ ..] if is(first, "SELECT") => {
            let from = rest.iter().position(|word| is(word, "FROM"))?;
            let is_plain = rest[..from].iter().all(|word| !hides(word) && !word.contains(['"', '\'']));
            let name = *rest.get(from + 1)?;
            is_plain.then_some(("PartiQLSelect", name))
        }
        _ => None,
    }
}

/// Whether a word contains the beginning of a comment.
fn hides(word: &str) -> bool {
    word.contains("--") || word.contains("/*")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each need as its action and ARN, without their common beginnings.
    fn read(operation: &str, body: &str) -> Vec<String> {
        let needs = needs(operation, body.as_bytes()).unwrap();
        let short = |need: &Need| {
            let arn = need.resource.arn(&Account::default());
            let arn = arn.strip_prefix("arn:aws:dynamodb:us-east-1:123456789012:").unwrap();
            format!("{} {arn}", need.action.strip_prefix("dynamodb:").unwrap())
        };
        needs.iter().map(short).collect()
    }

    #[test]
    fn a_request_needs_its_action_on_its_table_or_index() {
        assert_eq!(read("PutItem", r#"{"Item":{"TableName":{"S":"x"}},"TableName":"T"}"#), ["PutItem table/T"]);
        assert_eq!(read("Query", r#"{"TableName":"T","IndexName":"i"}"#), ["Query table/T/index/i"]);
        let arn = r#"{"TableName":"arn:aws:dynamodb:us-east-1:123456789012:table/T","IndexName":"i"}"#;
        assert_eq!(read("Scan", arn), ["Scan table/T/index/i"]);
        let arn = r#"{"ResourceArn":"arn:aws:dynamodb:us-east-1:123456789012:table/T"}"#;
        assert_eq!(read("TagResource", arn), ["TagResource table/T"]);
        assert_eq!(read("ListTables", "{}"), ["ListTables table/*"]);
    }

    #[test]
    fn a_batch_or_transaction_needs_the_actions_of_all_its_items() {
        let batch = r#"{"RequestItems":{"A":[{"PutRequest":{}}],"B":[]}}"#;
        assert_eq!(read("BatchWriteItem", batch), ["BatchWriteItem table/A", "BatchWriteItem table/B"]);
        let transaction = r#"{"TransactItems":[{"Put":{"TableName":"A","Item":{}}},{"ConditionCheck":{"TableName":"B"}},{"Get":{"TableName":"C"}}]}"#;
        let expected = ["PutItem table/A", "ConditionCheckItem table/B", "GetItem table/C"];
        assert_eq!(read("TransactWriteItems", transaction), expected);
    }

    #[test]
    fn partiql_needs_actions_of_its_own() {
        for (statement, expected) in [
            (r#"SELECT * FROM "T" WHERE a = ?"#, "PartiQLSelect table/T"),
            (r#"select a from "T"."i""#, "PartiQLSelect table/T/index/i"),
            (r#"INSERT INTO T VALUE {'a': 1}"#, "PartiQLInsert table/T"),
            (r#"UPDATE "T" SET a = 1"#, "PartiQLUpdate table/T"),
            (r#"DELETE FROM "T" WHERE a = 1"#, "PartiQLDelete table/T"),
        ] {
            let body = serde_json::json!({ "Statement": statement }).to_string();
            assert_eq!(read("ExecuteStatement", &body), [expected]);
            let body = serde_json::json!({ "Statements": [{ "Statement": statement }] }).to_string();
            assert_eq!(read("BatchExecuteStatement", &body), [expected]);
            let body = serde_json::json!({ "TransactStatements": [{ "Statement": statement }] }).to_string();
            assert_eq!(read("ExecuteTransaction", &body), [expected]);
        }
    }

    #[test]
    fn partiql_that_may_hide_something_needs_all_actions_on_all_tables() {
        for statement in [
            "SELECT 1",
            "-- x\nDELETE FROM \"T\" WHERE id='1'",
            "/**/DELETE FROM T",
            "DELETE /**/ FROM T",
            "FROM \"T\" WHERE id='1' SET v='new'",
            "/* FROM T */ SELECT * FROM \"U\"",
            "SELECT -- FROM T\n * FROM \"U\"",
            "SELECT v, \" FROM T \" FROM \"U\"",
            "SELECT * FROM /*T*/ \"U\"",
            "UPDATE --T\n U SET a = 1",
            "",
        ] {
            let needed = read("ExecuteStatement", &serde_json::json!({ "Statement": statement }).to_string());
            let everything = ["Select", "Insert", "Update", "Delete"].map(|kind| format!("PartiQL{kind} table/*"));
            assert_eq!(needed, everything, "{statement}");
        }
    }

    #[test]
    fn a_malformed_or_ambiguous_body_is_an_error() {
        for body in [
            "",
            "[]x",
            r#"{"TableName":1}"#,
            r#"{"TableName":"A","TableName":"B"}"#,
            r#"{"TransactItems":[{"Put":{}}]}"#,
        ] {
            assert!(needs("PutItem", body.as_bytes()).is_err(), "{body}");
        }
    }
}
