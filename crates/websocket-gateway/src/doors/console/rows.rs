//! What the template's tables say of a connection.

use http::StatusCode;
use serde::Serialize;
use serde_json::{Map, Value};

use super::json;
use crate::api::Table;
use crate::doors::management_api;
use crate::dynamodb::TableStore;
use crate::secrets::mask_row;
use crate::service::Service;
use crate::wire::answer::{self, Answer};

/// How many rows of a table, or of one of its indexes, are read.
const MOST: usize = 50;

#[derive(Debug, Serialize)]
struct Row {
    table: String,
    item: Map<String, Value>,
}

/// Answers with the rows whose partition key, in a table or in an index of it, is the connection's id.
pub(super) async fn answer(tables: &TableStore, service: &Service, id: &str) -> Answer {
    let connection = match management_api::connection(service, id) {
        Ok(connection) => connection,
        Err(refused) => return *refused,
    };
    let (api, mut rows) = (&service.deployment().api, Vec::<Row>::new());
    for table in &api.tables {
        for (index, key) in keys(table) {
            let items = tables.rows(&table.name, index, key, connection.facts.id.as_str(), MOST).await;
            let items = match items {
                Ok(items) => items,
                Err(why) => return answer::text(StatusCode::CONFLICT, format!("{}: {why}\n", table.name)),
            };
            for item in items {
                let item = plain(item);
                // An index has the table's rows once more.
                if !rows.iter().any(|row| row.table == table.name && row.item == item) {
                    rows.push(Row { table: table.name.clone(), item });
                }
            }
        }
    }
    rows.iter_mut().for_each(|row| mask_row(&mut row.item));
    json(StatusCode::OK, &serde_json::json!({ "rows": rows, "most": MOST }))
}

/// The partition keys that are texts: the table's, and that of each index, with the index's name.
fn keys(table: &Table) -> impl Iterator<Item = (Option<&str>, &str)> {
    let request = &table.create_table;
    let indexes = request["GlobalSecondaryIndexes"].as_array().into_iter().flatten();
    let schemas = indexes.map(|index| (index["IndexName"].as_str(), &index["KeySchema"]));
    let schemas = std::iter::once((None, &request["KeySchema"])).chain(schemas);
    schemas.filter_map(|(index, schema)| {
        let key = schema.as_array()?.iter().find(|key| key["KeyType"] == "HASH")?["AttributeName"].as_str()?;
        let attributes = request["AttributeDefinitions"].as_array()?;
        let is_text = attributes.iter().any(|one| one["AttributeName"] == key && one["AttributeType"] == "S");
        is_text.then_some((index, key))
    })
}

/// An item without DynamoDB's types: `{"name": {"S": "Ann"}}` is `{"name": "Ann"}`.
fn plain(item: Value) -> Map<String, Value> {
    match item {
        Value::Object(item) => item.into_iter().map(|(name, value)| (name, untyped(value))).collect(),
        _ => Map::new(),
    }
}

fn untyped(value: Value) -> Value {
    let typed = match value {
        Value::Object(typed) => typed.into_iter().next(),
        other => return other,
    };
    match typed {
        Some((kind, Value::String(number))) if kind == "N" => {
            number.parse().map_or(Value::String(number), Value::Number)
        }
        Some((kind, Value::Array(list))) if kind == "L" => list.into_iter().map(untyped).collect(),
        Some((kind, map @ Value::Object(_))) if kind == "M" => plain(map).into(),
        Some((kind, _)) if kind == "NULL" => Value::Null,
        Some((_, value)) => value,
        None => Value::Null,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_item_is_shown_without_types() {
        let item = json!({
            "connectionId": { "S": "x" }, "connectedAt": { "N": "1762426800123" }, "joined": { "BOOL": true },
            "tags": { "SS": ["a", "b"] }, "more": { "M": { "list": { "L": [{ "N": "1.5" }, { "NULL": true }] } } }
        });
        let expected = json!({
            "connectionId": "x", "connectedAt": 1_762_426_800_123_u64, "joined": true, "tags": ["a", "b"],
            "more": { "list": [1.5, null] }
        });
        assert_eq!(Value::Object(plain(item)), expected);
    }

    #[test]
    fn every_partition_key_that_is_a_text_is_asked() {
        let create_table = json!({
            "AttributeDefinitions": [
                { "AttributeName": "room", "AttributeType": "S" }, { "AttributeName": "at", "AttributeType": "N" },
                { "AttributeName": "connection", "AttributeType": "S" }
            ],
            "KeySchema": [{ "AttributeName": "room", "KeyType": "HASH" }, { "AttributeName": "at", "KeyType": "RANGE" }],
            "GlobalSecondaryIndexes": [
                { "IndexName": "who", "KeySchema": [{ "AttributeName": "connection", "KeyType": "HASH" }] },
                { "IndexName": "when", "KeySchema": [{ "AttributeName": "at", "KeyType": "HASH" }] }
            ]
        });
        let (logical_id, name) = ("Table".to_owned(), "rooms".to_owned());
        let table = Table { logical_id, name, create_table, time_to_live_attribute: None };
        assert_eq!(keys(&table).collect::<Vec<_>>(), [(None, "room"), (Some("who"), "connection")]);
    }
}
