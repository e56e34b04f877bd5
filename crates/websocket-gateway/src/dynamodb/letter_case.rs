//! Names that differ only in the case of letters. To DynamoDB they are two names. To `SQLite`, which keeps the tables and indexes of the embedded
//! DynamoDB, they are one, and a table that it has half made would stay.

use std::collections::HashSet;

use dynoxide::{Database, DynoxideError};
use serde_json::{Value, json};

use super::Operation;

/// Checks that what a request would create has no such name.
pub(super) fn check(database: &Database, operation: &str, body: &str) -> Result<(), DynoxideError> {
    let Ok(request) = serde_json::from_str::<Value>(body) else { return Ok(()) };
    let Some(table) = request["TableName"].as_str() else { return Ok(()) };
    let mut indexes = Vec::new();
    if operation == "CreateTable" {
        let differs = |other: &String| other != table && other.eq_ignore_ascii_case(table);
        if tables(database)?.iter().any(differs) {
            return Err(refused());
        }
    } else {
        let described = call(database, "DescribeTable", &json!({ "TableName": table })).unwrap_or_default();
        indexes.extend(names(&described["Table"]["GlobalSecondaryIndexes"]));
    }
    for index in ["GlobalSecondaryIndexes", "LocalSecondaryIndexes"] {
        indexes.extend(names(&request[index]));
    }
    let updates = request["GlobalSecondaryIndexUpdates"].as_array().into_iter().flatten();
    indexes.extend(updates.filter_map(|update| name(&update["Create"])));
    let distinct: HashSet<_> = indexes.iter().collect();
    let distinct_here: HashSet<_> = indexes.iter().map(|name| name.to_ascii_lowercase()).collect();
    if distinct.len() == distinct_here.len() { Ok(()) } else { Err(refused()) }
}

fn tables(database: &Database) -> Result<Vec<String>, DynoxideError> {
    let (mut tables, mut request) = (Vec::new(), json!({}));
    loop {
        let answer = call(database, "ListTables", &request)?;
        let page = answer["TableNames"].as_array().into_iter().flatten();
        tables.extend(page.filter_map(|name| name.as_str().map(str::to_owned)));
        match answer["LastEvaluatedTableName"].as_str() {
            Some(last) => request = json!({ "ExclusiveStartTableName": last }),
            None => return Ok(tables),
        }
    }
}

fn call(database: &Database, operation: &str, request: &Value) -> Result<Value, DynoxideError> {
    let Some(operation) = Operation::named(operation) else { return Ok(Value::Null) };
    let answer = operation.run(database, &request.to_string())?;
    Ok(serde_json::from_str(&answer).unwrap_or_default())
}

fn names(indexes: &Value) -> impl Iterator<Item = String> {
    indexes.as_array().into_iter().flatten().filter_map(name)
}

fn name(index: &Value) -> Option<String> {
    Some(index["IndexName"].as_str()?.to_owned())
}

fn refused() -> DynoxideError {
    DynoxideError::ValidationException(
        "The embedded DynamoDB can't hold two tables, or two indexes of a table, whose names differ only in the case of letters"
            .to_owned(),
    )
}
