//! Templates as trees. A short form of an intrinsic function becomes its long form, as CloudFormation has it in JSON.

use saphyr::{LoadableYamlNode, ScalarOwned, YamlOwned};

use crate::Tree;

pub(crate) fn read(yaml: &str) -> Option<Tree> {
    tree(YamlOwned::load_from_str(yaml).ok()?.pop()?)
}

fn tree(yaml: YamlOwned) -> Option<Tree> {
    Some(match yaml {
        YamlOwned::Value(ScalarOwned::String(text)) => Tree::Text(text),
        YamlOwned::Value(ScalarOwned::Null) => Tree::Raw("null".to_owned()),
        YamlOwned::Value(ScalarOwned::Boolean(value)) => Tree::Raw(value.to_string()),
        YamlOwned::Value(ScalarOwned::Integer(value)) => Tree::Raw(value.to_string()),
        YamlOwned::Value(ScalarOwned::FloatingPoint(value)) => Tree::Raw(value.to_string()),
        YamlOwned::Sequence(items) => Tree::List(items.into_iter().map(tree).collect::<Option<_>>()?),
        YamlOwned::Mapping(entries) => {
            let entry = |(key, value)| match (tree(key)?, tree(value)?) {
                (Tree::Text(key) | Tree::Raw(key), value) => Some((key, value)),
                _ => None,
            };
            Tree::Map(entries.into_iter().map(entry).collect::<Option<_>>()?)
        }
        YamlOwned::Tagged(tag, inner) => {
            let name = match tag.suffix.as_str() {
                name @ ("Ref" | "Condition") => name.to_owned(),
                name => format!("Fn::{name}"),
            };
            let argument = match (name.as_str(), tree(*inner)?) {
                // The long form takes a list.
                ("Fn::GetAtt", Tree::Text(text)) => {
                    Tree::List(text.splitn(2, '.').map(|part| Tree::Text(part.to_owned())).collect())
                }
                (_, argument) => argument,
            };
            Tree::Map(vec![(name, argument)])
        }
        _ => return None,
    })
}
