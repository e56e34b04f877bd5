use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// JSON, with everything that a parser has to expect: keys that are there twice, numbers out of range, things that are not JSON at all.
#[derive(Clone, Debug, PartialEq)]
pub enum Tree {
    /// A number, `true`, `false`, `null`, or whatever else; it is written as it is.
    Raw(String),
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
}

impl Tree {
    pub fn of_json(json: &str) -> Option<Self> {
        serde_json::from_str(json).ok()
    }

    pub fn to_json(&self) -> String {
        let mut json = String::new();
        self.write(&mut json, None);
        json
    }

    /// YAML in its flow style, where the long form of an intrinsic function, `{"Ref": …}`, has become the short form, `!Ref …`.
    pub(crate) fn to_yaml(&self) -> String {
        let mut yaml = String::new();
        self.write(&mut yaml, Some(short_form));
        yaml
    }

    fn write(&self, out: &mut String, shorten: Option<fn(&str) -> Option<&str>>) {
        match self {
            Self::Raw(text) => out.push_str(text),
            Self::Text(text) => push_text(out, text),
            Self::List(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { ", " });
                    item.write(out, shorten);
                }
                out.push(']');
            }
            Self::Map(entries) => {
                if let [(key, value)] = entries.as_slice()
                    && let Some(tag) = shorten.and_then(|shorten| shorten(key))
                {
                    out.push('!');
                    out.push_str(tag);
                    out.push(' ');
                    return value.write(out, shorten);
                }
                out.push('{');
                for (i, (key, value)) in entries.iter().enumerate() {
                    out.push_str(if i == 0 { "\n" } else { ",\n" });
                    push_text(out, key);
                    out.push_str(": ");
                    value.write(out, shorten);
                }
                out.push('}');
            }
        }
    }

    /// The number of nodes, with this one.
    pub(crate) fn count(&self) -> usize {
        1 + self.children().map(Self::count).sum::<usize>()
    }

    pub(crate) fn children(&self) -> Box<dyn Iterator<Item = &Self> + '_> {
        match self {
            Self::Raw(_) | Self::Text(_) => Box::new(std::iter::empty()),
            Self::List(items) => Box::new(items.iter()),
            Self::Map(entries) => Box::new(entries.iter().map(|(_, value)| value)),
        }
    }

    /// The node with this number, counted from 0, parents before their children.
    pub(crate) fn node(&self, number: usize) -> Option<&Self> {
        let mut left = number;
        if left == 0 {
            return Some(self);
        }
        left -= 1;
        for child in self.children() {
            let count = child.count();
            if left < count {
                return child.node(left);
            }
            left -= count;
        }
        None
    }

    pub(crate) fn node_mut(&mut self, number: usize) -> Option<&mut Self> {
        if number == 0 {
            return Some(self);
        }
        let mut left = number - 1;
        let children: Box<dyn Iterator<Item = &mut Self>> = match self {
            Self::Raw(_) | Self::Text(_) => return None,
            Self::List(items) => Box::new(items.iter_mut()),
            Self::Map(entries) => Box::new(entries.iter_mut().map(|(_, value)| value)),
        };
        for child in children {
            let count = child.count();
            if left < count {
                return child.node_mut(left);
            }
            left -= count;
        }
        None
    }

    /// Calls `found` with every key and every text.
    pub(crate) fn words(&self, found: &mut impl FnMut(&str)) {
        match self {
            Self::Text(text) => found(text),
            Self::Map(entries) => entries.iter().for_each(|(key, _)| found(key)),
            _ => {}
        }
        self.children().for_each(|child| child.words(found));
    }
}

/// `Ref` for `Ref`, `Sub` for `Fn::Sub`.
fn short_form(key: &str) -> Option<&str> {
    let name = key.strip_prefix("Fn::").or_else(|| ["Ref", "Condition"].contains(&key).then_some(key))?;
    (!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(name)
}

fn push_text(out: &mut String, text: &str) {
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Raw("null".to_owned()))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
        Ok(Tree::Raw(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
        Ok(Tree::Raw(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
        Ok(Tree::Raw(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
        Ok(Tree::Raw(format!("{value:e}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
        Ok(Tree::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
        }
        Ok(Tree::Map(map))
    }
}
