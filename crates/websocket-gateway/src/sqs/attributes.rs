//! The attributes that a sender gives a message, and the checksums that SDKs compare.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};

use super::refusal::{Kind, Refusal};
use crate::api::limits::MESSAGE_ATTRIBUTES;
use crate::ids::push_hex;

/// Attributes by their names, in the order in which the checksum takes them.
pub(crate) type Attributes = BTreeMap<String, Attribute>;

/// One attribute, as requests and answers write it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Attribute {
    /// `String`, `Number` or `Binary`, and perhaps a dot and a label of the sender's own.
    #[serde(default)]
    pub(crate) data_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) string_value: Option<String>,
    /// In base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) binary_value: Option<String>,
}

/// The longest name of an attribute, in characters.
/// Source: Amazon SQS developer guide, "Amazon SQS message metadata".
const NAME_CHARACTERS: usize = 256;

impl Attribute {
    fn is_binary(&self) -> bool {
        self.data_type.split('.').next() == Some("Binary")
    }

    /// The bytes of its value.
    fn value(&self) -> Vec<u8> {
        if self.is_binary() {
            STANDARD.decode(self.binary_value.as_deref().unwrap_or_default()).unwrap_or_default()
        } else {
            self.string_value.clone().unwrap_or_default().into_bytes()
        }
    }

    fn check(&self, name: &str) -> Result<(), String> {
        let of = format!("The message attribute '{name}'");
        let kind = self.data_type.split('.').next().unwrap_or_default();
        if self.data_type.is_empty() {
            return Err(format!("{of} must contain a non-empty message attribute type."));
        }
        if !matches!(kind, "String" | "Number" | "Binary") {
            return Err(format!(
                "{of} has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String."
            ));
        }
        if let Some(binary) = self.binary_value.as_ref().filter(|_| kind == "Binary") {
            STANDARD.decode(binary).map_err(|_| format!("{of} has a binary value that is not base64."))?;
        }
        let value = self.value();
        if value.is_empty() {
            return Err(format!(
                "{of} must contain a non-empty message attribute value for message attribute type '{}'.",
                self.data_type
            ));
        }
        let text = String::from_utf8_lossy(&value);
        if kind == "Number" && text.trim().parse::<f64>().is_err() {
            return Err(format!("Can't cast the value of message attribute '{name}' to a number."));
        }
        Ok(())
    }
}

/// Checks the names, the types and the values of attributes.
pub(super) fn check(attributes: &Attributes) -> Result<(), Refusal> {
    let refused = |message: String| Refusal::new(Kind::INVALID_PARAMETER_VALUE, message);
    if attributes.len() > MESSAGE_ATTRIBUTES {
        return Err(refused(format!(
            "Number of message attributes [{}] exceeds the allowed maximum [{MESSAGE_ATTRIBUTES}].",
            attributes.len()
        )));
    }
    for (name, attribute) in attributes {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        let lower = name.to_ascii_lowercase();
        let reserved = lower.starts_with("aws.") || lower.starts_with("amazon.");
        let dots = name.starts_with('.') || name.ends_with('.') || name.contains("..");
        if name.is_empty() || name.len() > NAME_CHARACTERS || !name.chars().all(allowed) || reserved || dots {
            return Err(refused(format!(
                "The message attribute name '{name}' is invalid: it may have letters, digits, _, - and single dots inside, at most \
                 {NAME_CHARACTERS}, and must not begin with AWS. or Amazon."
            )));
        }
        attribute.check(name).map_err(refused)?;
    }
    Ok(())
}

/// What attributes add to the size of a message, in bytes.
pub(super) fn bytes(attributes: &Attributes) -> usize {
    attributes.iter().map(|(name, attribute)| name.len() + attribute.data_type.len() + attribute.value().len()).sum()
}

/// Those of the attributes that a receiver asks for: by name, by a prefix that ends with `.*`, or all.
pub(super) fn asked_for(attributes: &Attributes, names: &[String]) -> Attributes {
    let is_asked_for = |name: &str| {
        names.iter().any(|asked| match asked.strip_suffix(".*").or_else(|| asked.strip_suffix('*')) {
            Some(prefix) => name.starts_with(prefix),
            None => asked == name || asked == "All",
        })
    };
    attributes
        .iter()
        .filter(|(name, _)| is_asked_for(name))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The MD5 of a text, in hexadecimal digits.
pub(super) fn md5_of(text: &str) -> String {
    hex(Md5::digest(text.as_bytes()).as_slice())
}

/// The MD5 of attributes; `None` if there are none.
/// Source: Amazon SQS developer guide, "Calculating the MD5 message digest for message attributes".
pub(super) fn md5_of_attributes(attributes: &Attributes) -> Option<String> {
    if attributes.is_empty() {
        return None;
    }
    let mut md5 = Md5::new();
    for (name, attribute) in attributes {
        let value = attribute.value();
        let with_length = |bytes: &[u8]| {
            let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
            [&length[..], bytes].concat()
        };
        md5.update(with_length(name.as_bytes()));
        md5.update(with_length(attribute.data_type.as_bytes()));
        md5.update([if attribute.is_binary() { 2 } else { 1 }]);
        md5.update(with_length(&value));
    }
    Some(hex(md5.finalize().as_slice()))
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(2 * bytes.len());
    push_hex(&mut text, bytes);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Attribute {
        Attribute { data_type: "String".to_owned(), string_value: Some(value.to_owned()), binary_value: None }
    }

    /// Checksums that SQS itself has answered with.
    #[test]
    fn checksums_are_those_of_sqs() {
        assert_eq!(md5_of("msg"), "6e2baaf3b97dbeef01c0043275f9a0e7");
        let one = Attributes::from([("Foo".to_owned(), text("Bar"))]);
        assert_eq!(md5_of_attributes(&one).unwrap(), "ae7155c6026991b6d54b11589678bf9c");
        let three = [("Help.Me", "Me"), ("Hello", "There"), ("General", "Kenobi")];
        let three: Attributes = three.map(|(name, value)| (name.to_owned(), text(value))).into();
        assert_eq!(md5_of_attributes(&three).unwrap(), "4c360f3fdafd970e05fae2f149d997f5");
        let binary = Attribute {
            data_type: "Binary".to_owned(),
            string_value: None,
            binary_value: Some(
                STANDARD.encode("traceparent\x1e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01"),
            ),
        };
        let binary = Attributes::from([("attr1".to_owned(), binary)]);
        assert_eq!(md5_of_attributes(&binary).unwrap(), "8cbe4db156db8a94db8b801b7addb984");
        for (names, md5) in [
            (&["Hello", "General"][..], Some("fca026605781cb4126a1e9044df24232")),
            (&["Hello", "Nothing"], Some("a311262e065454b75da111d535b8dacd")),
            (&["Hel*"], Some("83fee93c1bcd8b9a5a923ffacdc636c7")),
            (&["All"], Some("4c360f3fdafd970e05fae2f149d997f5")),
            (&[".*"], Some("4c360f3fdafd970e05fae2f149d997f5")),
            (&["Nothing"], None),
        ] {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(md5_of_attributes(&asked_for(&three, &names)).as_deref(), md5, "{names:?}");
        }
    }

    #[test]
    fn what_an_attribute_may_be() {
        let of = |name: &str, kind: &str, value: &str| {
            let attribute = Attribute { data_type: kind.to_owned(), ..text(value) };
            check(&Attributes::from([(name.to_owned(), attribute)]))
        };
        for (name, kind, value) in [("a", "String", "x"), ("a.b-c_1", "Number.int", "-1.5e3"), ("a", "String.own", "x")]
        {
            assert_eq!(of(name, kind, value), Ok(()), "{name} {kind}");
        }
        for (name, kind, value) in [
            ("", "String", "x"),
            ("AWS.x", "String", "x"),
            ("a..b", "String", "x"),
            ("a b", "String", "x"),
            ("a", "", "x"),
            ("a", "Text", "x"),
            ("a", "String", ""),
            ("a", "Number", "x"),
            ("a", "Binary", "x"),
        ] {
            assert_eq!(of(name, kind, value).unwrap_err().kind, Kind::INVALID_PARAMETER_VALUE, "{name} {kind} {value}");
        }
    }
}
