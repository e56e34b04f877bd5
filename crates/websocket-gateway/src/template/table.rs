//! `AWS::DynamoDB::Table`, `AWS::DynamoDB::GlobalTable` and `AWS::Serverless::SimpleTable`, as `CreateTable` requests.

use serde_json::{Map, Value, json};

use super::error::Finding;
use super::findings::Findings;
use super::kinds::{GLOBAL_TABLE, SIMPLE_TABLE, TABLE};
use super::node::Node;
use super::properties::Properties;
use super::stack::{Resource, Stack};
use crate::api::Table;

/// The properties that matter locally and that are the same in CloudFormation and `CreateTable`.
const SHARED: [&str; 6] = [
    "AttributeDefinitions",
    "KeySchema",
    "GlobalSecondaryIndexes",
    "LocalSecondaryIndexes",
    "BillingMode",
    "ProvisionedThroughput",
];

/// The same for the properties of an index.
const SHARED_OF_INDEX: [&str; 4] = ["IndexName", "KeySchema", "Projection", "ProvisionedThroughput"];

/// Reads every table of the template.
pub(super) fn read_all(stack: &Stack, findings: &mut Findings) -> Vec<Table> {
    let mut tables = Vec::new();
    for kind in [TABLE, GLOBAL_TABLE, SIMPLE_TABLE] {
        for resource in findings.keep(stack.of_kind(kind)).unwrap_or_default() {
            let read = if kind == SIMPLE_TABLE { simple_table(stack, resource) } else { table(stack, resource) };
            tables.extend(findings.keep(read));
        }
    }
    tables
}

fn table(stack: &Stack, resource: &Resource) -> Result<Table, Finding> {
    let properties = stack.properties(resource);
    let name = stack.id_of(resource)?;
    let mut request = Map::from_iter([("TableName".to_owned(), json!(name))]);
    for key in SHARED {
        if let Some(node) = properties.optional(key)? {
            request.insert(key.to_owned(), shared(key, &node)?);
        }
    }
    for key in ["AttributeDefinitions", "KeySchema"] {
        if !request.contains_key(key) {
            return Err(properties.missing(key));
        }
    }
    if resource.kind == GLOBAL_TABLE {
        // A global table describes its capacity with other properties, which have no meaning here.
        request.insert("BillingMode".to_owned(), json!("PAY_PER_REQUEST"));
    }
    if let Some(node) = properties.optional("StreamSpecification")? {
        // In CloudFormation, the view type alone switches the stream on.
        let view = node.entry("`StreamSpecification`", "StreamViewType")?.text("`StreamViewType`")?;
        request.insert("StreamSpecification".to_owned(), json!({ "StreamEnabled": true, "StreamViewType": view }));
    }
    Ok(Table {
        logical_id: resource.id.clone(),
        name,
        create_table: Value::Object(request),
        time_to_live_attribute: time_to_live_attribute(&properties)?,
    })
}

fn shared(key: &str, node: &Node) -> Result<Value, Finding> {
    let what = format!("`{key}`");
    let mut value = match key {
        "BillingMode" => node.text(&what)?.into(),
        "ProvisionedThroughput" => node.map(&what).and_then(|_| node.to_json(&what))?,
        _ => node.list(&what).and_then(|_| node.to_json(&what))?,
    };
    if key.ends_with("SecondaryIndexes") {
        let indexes = value.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut);
        indexes.for_each(|index| index.retain(|key, _| SHARED_OF_INDEX.contains(&key.as_str())));
    }
    numbers(&mut value);
    Ok(value)
}

/// Turns capacity units into numbers. From a parameter they are text, which `CreateTable` refuses.
fn numbers(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(numbers),
        Value::Object(entries) => {
            for (key, value) in entries {
                match value.as_str().map(str::parse::<u64>) {
                    Some(Ok(number)) if key.ends_with("CapacityUnits") => *value = number.into(),
                    _ => numbers(value),
                }
            }
        }
        _ => {}
    }
}

fn time_to_live_attribute(properties: &Properties<'_>) -> Result<Option<String>, Finding> {
    let Some(node) = properties.optional("TimeToLiveSpecification")? else { return Ok(None) };
    let what = "`TimeToLiveSpecification`";
    if !node.entry(what, "Enabled")?.boolean("`Enabled`")? {
        return Ok(None);
    }
    node.entry(what, "AttributeName")?.text("`AttributeName`").map(Some)
}

fn simple_table(stack: &Stack, resource: &Resource) -> Result<Table, Finding> {
    let name = stack.id_of(resource)?;
    let (key, kind) = primary_key(&stack.properties(resource))?;
    let create_table = json!({
        "TableName": name,
        "AttributeDefinitions": [{ "AttributeName": key, "AttributeType": kind }],
        "KeySchema": [{ "AttributeName": key, "KeyType": "HASH" }],
        "BillingMode": "PAY_PER_REQUEST",
    });
    Ok(Table { logical_id: resource.id.clone(), name, create_table, time_to_live_attribute: None })
}

/// The name and the type of a simple table's key. SAM has its own names for the types.
fn primary_key(properties: &Properties<'_>) -> Result<(String, &'static str), Finding> {
    let Some(node) = properties.optional("PrimaryKey")? else { return Ok(("id".to_owned(), "S")) };
    let map = node.map("`PrimaryKey`")?;
    let name = map.get("Name").map_or_else(|| Ok("id".to_owned()), |name| name.text("`Name`"))?;
    let Some(kind) = map.get("Type") else { return Ok((name, "S")) };
    match kind.text("`Type`")?.as_str() {
        "String" => Ok((name, "S")),
        "Number" => Ok((name, "N")),
        "Binary" => Ok((name, "B")),
        _ => Err(Finding::at(kind.span, "a primary key's `Type` must be `String`, `Number` or `Binary`")),
    }
}
