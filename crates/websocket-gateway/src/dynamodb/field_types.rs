//! Whether the fields of a request have the types that they should have.
//!
//! The embedded DynamoDB does not look at all of them by itself: some it would take for absent, and of others it would say something else.

use dynoxide::DynoxideError;
use serde_json::{Map, Value};

/// A type in DynamoDB's model.
#[derive(Clone, Copy)]
enum Type {
    Text,
    /// A number, by its Java class.
    Number(&'static str),
    Flag,
    Structure(&'static str),
    List(&'static str),
    Map(&'static str),
    /// A list of maps.
    Maps(&'static str),
    /// A map of lists.
    Lists(&'static str),
}

use Type::{Flag, List, Lists, Maps, Number, Structure, Text};

const VALUES: Type = Type::Map("AttributeValue");
const INTEGER: Type = Number("Integer");
const LONG: Type = Number("Long");

/// The fields that mean the same in every operation, in the order in which they are looked at.
const COMMON: &[(&str, Type)] = &[
    ("Key", VALUES),
    ("Item", VALUES),
    ("ExpressionAttributeNames", Type::Map(NAME)),
    ("ExpressionAttributeValues", VALUES),
    ("Expected", Type::Map("ExpectedAttributeValue")),
    ("TableName", Text),
    ("IndexName", Text),
    ("ReturnConsumedCapacity", Text),
    ("ReturnValues", Text),
    ("ReturnItemCollectionMetrics", Text),
    ("ConditionalOperator", Text),
    ("Select", Text),
    ("ConditionExpression", Text),
    ("FilterExpression", Text),
    ("KeyConditionExpression", Text),
    ("ProjectionExpression", Text),
    ("UpdateExpression", Text),
    ("Limit", INTEGER),
    ("Segment", INTEGER),
    ("TotalSegments", INTEGER),
    ("ScanIndexForward", Flag),
    ("ConsistentRead", Flag),
];

/// The one class that is not DynamoDB's own. Its values are read later.
const NAME: &str = "java.lang.String";

/// The fields of an operation that others do not have, or of a structure.
fn fields(name: &str) -> &'static [(&'static str, Type)] {
    match name {
        "CreateTable" => &[
            ("AttributeDefinitions", List("AttributeDefinition")),
            ("KeySchema", List("KeySchemaElement")),
            ("LocalSecondaryIndexes", List("LocalSecondaryIndex")),
            ("GlobalSecondaryIndexes", List("GlobalSecondaryIndex")),
            ("ProvisionedThroughput", Structure("ProvisionedThroughput")),
        ],
        "UpdateTable" => &[
            ("GlobalSecondaryIndexUpdates", List("GlobalSecondaryIndexUpdate")),
            ("ProvisionedThroughput", Structure("ProvisionedThroughput")),
        ],
        "PutItem" | "UpdateItem" | "DeleteItem" => &[("AttributeUpdates", Type::Map("AttributeValueUpdate"))],
        "Query" => &[
            ("KeyConditions", Type::Map("Condition")),
            ("QueryFilter", Type::Map("Condition")),
            ("ExclusiveStartKey", VALUES),
        ],
        "Scan" => &[("ScanFilter", Type::Map("Condition")), ("ExclusiveStartKey", VALUES)],
        "BatchGetItem" => &[("RequestItems", Type::Map("KeysAndAttributes"))],
        "BatchWriteItem" => &[("RequestItems", Lists("WriteRequest"))],
        "TagResource" => &[("Tags", List("Tag"))],
        "AttributeDefinition" | "KeySchemaElement" => {
            &[("KeyType", Text), ("AttributeName", Text), ("AttributeType", Text)]
        }
        "LocalSecondaryIndex" | "GlobalSecondaryIndex" | "CreateGlobalSecondaryIndexAction" => &[
            ("Projection", Structure("Projection")),
            ("ProvisionedThroughput", Structure("ProvisionedThroughput")),
            ("KeySchema", List("KeySchemaElement")),
            ("IndexName", Text),
        ],
        "GlobalSecondaryIndexUpdate" => &[
            ("Create", Structure("CreateGlobalSecondaryIndexAction")),
            ("Update", Structure("UpdateGlobalSecondaryIndexAction")),
            ("Delete", Structure("DeleteGlobalSecondaryIndexAction")),
        ],
        "UpdateGlobalSecondaryIndexAction" => &[("ProvisionedThroughput", Structure("ProvisionedThroughput"))],
        "Projection" => &[("ProjectionType", Text)],
        "ProvisionedThroughput" => &[("WriteCapacityUnits", LONG), ("ReadCapacityUnits", LONG)],
        "Condition" => &[("ComparisonOperator", Text), ("AttributeValueList", List("AttributeValue"))],
        "KeysAndAttributes" => &[("ExpressionAttributeNames", Type::Map(NAME)), ("Keys", Maps("AttributeValue"))],
        "WriteRequest" => &[("DeleteRequest", Structure("DeleteRequest")), ("PutRequest", Structure("PutRequest"))],
        "DeleteRequest" => &[("Key", VALUES)],
        "PutRequest" => &[("Item", VALUES)],
        "ExpectedAttributeValue" => &[("Exists", Flag)],
        "AttributeValue" => &[("S", Text), ("N", Text), ("B", Text)],
        _ => &[],
    }
}

/// Checks a request.
///
/// # Errors
/// The first field with a wrong type, in DynamoDB's words. What is not an object is left to the reader.
pub(super) fn check(operation: &str, body: &str) -> Result<(), DynoxideError> {
    let Ok(Value::Object(request)) = serde_json::from_str(body) else { return Ok(()) };
    check_fields(&request, fields(operation))
        .and_then(|()| check_fields(&request, COMMON))
        .map_err(DynoxideError::SerializationException)
}

fn check_fields(object: &Map<String, Value>, fields: &[(&str, Type)]) -> Result<(), String> {
    let given = fields.iter().filter_map(|(name, expected)| Some((object.get(*name)?, *expected)));
    given.filter(|(value, _)| !value.is_null()).try_for_each(|(value, expected)| expected.check(value))
}

impl Type {
    fn check(self, value: &Value) -> Result<(), String> {
        match (self, value) {
            (Text, Value::String(_)) | (Number(_), Value::Number(_)) | (Flag, Value::Bool(_) | Value::String(_)) => {
                Ok(())
            }
            (Structure(class), Value::Object(object)) => check_fields(object, fields(class)),
            (List(class), Value::Array(values)) => values.iter().try_for_each(|value| element(value, Structure(class))),
            (Maps(class), Value::Array(values)) => values.iter().try_for_each(|value| element(value, Self::Map(class))),
            (Self::Map(NAME), Value::Object(_)) => Ok(()),
            (Self::Map(class), Value::Object(object)) => {
                object.values().try_for_each(|value| element(value, Structure(class)))
            }
            (Lists(class), Value::Object(object)) => object.values().try_for_each(|value| element(value, List(class))),
            (Text, wrong) => Err(scalar(wrong, "String")),
            (Flag, wrong) => Err(scalar(wrong, "Boolean")),
            (Number(class), wrong) => Err(scalar(wrong, class)),
            (Structure(class), Value::Array(_)) => Err(collection(&full(class))),
            (Self::Map(class), Value::Array(_)) => Err(map(&full(class))),
            (Lists(class), Value::Array(_)) => Err(map(&format!("java.util.List<{}>", full(class)))),
            (List(_) | Maps(_), Value::Object(_)) => Err(STRUCTURE.to_owned()),
            _ => Err("Unexpected field type".to_owned()),
        }
    }
}

/// Checks a value in a list or map, where other words are used.
fn element(value: &Value, expected: Type) -> Result<(), String> {
    match value {
        Value::Null => Ok(()),
        Value::Object(_) | Value::Array(_) => expected.check(value),
        _ => Err("Unexpected value type in payload".to_owned()),
    }
}

const STRUCTURE: &str = "Start of structure or map found where not expected";

fn scalar(wrong: &Value, class: &str) -> String {
    let kind = match wrong {
        Value::Array(_) => return collection(&format!("java.lang.{class}")),
        Value::Object(_) => return STRUCTURE.to_owned(),
        Value::String(_) => "STRING_VALUE",
        Value::Number(number) if number.is_f64() => "DECIMAL_VALUE",
        Value::Number(_) => "NUMBER_VALUE",
        Value::Bool(true) => "TRUE_VALUE",
        Value::Bool(false) | Value::Null => "FALSE_VALUE",
    };
    format!("{kind} cannot be converted to {class}")
}

fn collection(class: &str) -> String {
    format!("Unrecognized collection type class {class}")
}

fn map(class: &str) -> String {
    format!("Unrecognized collection type java.util.Map<java.lang.String, {class}>")
}

fn full(class: &str) -> String {
    if class == NAME { NAME.to_owned() } else { format!("com.amazonaws.dynamodb.v20120810.{class}") }
}
