//! The application's attributes: any type of `serde` to and from those of a row.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::row;
use crate::cause::BoxError;

/// The application's attributes are not what they should be; the cause is the [`source`](std::error::Error::source).
#[derive(Debug, thiserror::Error)]
#[error("the attributes of a connection are not valid")]
pub struct AttributesError(#[source] BoxError);

/// # Errors
/// If this is not a struct or a map with text as keys, or has a field with the name of one of the registry's own attributes.
pub(super) fn write(attributes: &impl Serialize) -> Result<HashMap<String, AttributeValue>, AttributesError> {
    let item: HashMap<String, AttributeValue> =
        serde_dynamo::to_item(attributes).map_err(|error| AttributesError(error.into()))?;
    match row::OWN.iter().find(|name| item.contains_key(**name)) {
        Some(name) => Err(AttributesError(format!("the attribute `{name}` is the registry's own").into())),
        None => Ok(item),
    }
}

/// # Errors
/// If they are not an `A`.
pub(super) fn read<A: DeserializeOwned>(attributes: &HashMap<String, AttributeValue>) -> Result<A, AttributesError> {
    // `serde_dynamo` would panic.
    if let Some((name, _)) = attributes.iter().find(|(_, value)| is_unknown(value)) {
        return Err(AttributesError(format!("the attribute `{name}` is of a type that the SDK does not know").into()));
    }
    serde_dynamo::from_item(attributes.clone()).map_err(|error| AttributesError(error.into()))
}

fn is_unknown(value: &AttributeValue) -> bool {
    match value {
        AttributeValue::L(items) => items.iter().any(is_unknown),
        AttributeValue::M(entries) => entries.values().any(is_unknown),
        other => other.is_unknown(),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::error::Error;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Person {
        name: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        seat: Option<u8>,
        tags: Vec<String>,
    }

    fn cause(error: AttributesError) -> String {
        error.source().unwrap().to_string()
    }

    #[test]
    fn a_struct_comes_back_as_it_went() {
        for person in [
            Person { name: "Ann".to_owned(), seat: Some(7), tags: vec![] },
            Person { name: String::new(), seat: None, tags: vec!["a".to_owned(), "b".to_owned()] },
        ] {
            assert_eq!(read::<Person>(&write(&person).unwrap()).unwrap(), person);
        }
    }

    #[test]
    fn what_can_not_be_attributes_is_an_error() {
        for (refused, why) in [
            (write(&BTreeMap::from([("slot", "x")])), "the attribute `slot` is the registry's own"),
            (write(&7), "Not a map-like object"),
        ] {
            assert!(cause(refused.unwrap_err()).contains(why), "{why}");
        }
        let other = write(&BTreeMap::from([("name", 7)])).unwrap();
        assert!(read::<Person>(&other).is_err());
    }
}
