//! From YAML, of which JSON is a part, to [`Node`]s.

use std::collections::HashSet;
use std::thread;

use miette::SourceSpan;
use saphyr::{MarkedYamlOwned, ScalarOwned, Tag, YamlDataOwned};
use saphyr_parser::Span;
use serde_json::Number;

use super::check::rules;
use super::error::{Finding, LINE_ENDS};
use super::findings::Findings;
use super::node::{Call, Entry, Map, Node, Value};
use super::yaml::{self, RepeatedKey, Yaml};

/// How deep values may nest. The limit keeps recursion from exhausting the stack.
const MAX_DEPTH: usize = 100;

/// The deepest indentation of a line, in characters. A nested block is indented further than its parent, so this limits how deep the YAML
/// library nests before [`MAX_DEPTH`] is checked. (The library itself limits `[` and `{` to 255 levels.)
const MAX_INDENTATION: usize = 400;

/// Enough for the nesting that the YAML library's own limit on aliases allows: each alias may contain the previous alias.
const STACK_BYTES: usize = 64 * 1024 * 1024;

/// Reads a template's text, and finds each key that a map has twice. It does so on a thread of its own: the YAML library follows aliases by
/// recursion and has assertions, and neither a stack overflow nor a panic may end the gateway.
pub(super) fn parse(text: &str, findings: &mut Findings) -> Result<Node, Finding> {
    check_indentation(text)?;
    let read = thread::scope(|scope| {
        let reader = thread::Builder::new().stack_size(STACK_BYTES).spawn_scoped(scope, || read(text));
        let outcome = reader.ok().and_then(|reader| reader.join().ok());
        outcome.unwrap_or_else(|| {
            Err(Finding::new("the template can't be read: the YAML library failed")
                .help("simplify the template, for example its anchors and aliases"))
        })
    });
    let (root, repeated) = read?;
    findings.extend(repeated);
    Ok(root)
}

fn read(text: &str) -> Result<(Node, Vec<Finding>), Finding> {
    let document = Document::new(text);
    let Yaml { mut documents, repeated } = yaml::load(text).map_err(|error| {
        let at = document.offset(error.marker().index());
        Finding::at((at, 0).into(), format!("this is not valid YAML: {}", error.info()))
    })?;
    match (documents.pop(), documents.len()) {
        (Some(yaml), 0) if !matches!(yaml.data, YamlDataOwned::BadValue) => {
            let repeated = repeated.iter().map(|key| document.repeated(key)).collect();
            Ok((document.node(yaml, 0)?, repeated))
        }
        (Some(yaml), 1..) => Err(Finding::at(
            document.span(&yaml),
            "a template must be a single YAML document, but a second document starts here",
        )
        .help("remove the line `---` and what follows it")),
        _ => Err(Finding::new("the template is empty").help("it needs at least `Resources:`")),
    }
}

fn check_indentation(text: &str) -> Result<(), Finding> {
    let mut offset = 0;
    for line in text.split_inclusive(LINE_ENDS) {
        let indentation = line.len() - line.trim_start_matches([' ', '\t', '-', '?', ':']).len();
        if indentation > MAX_INDENTATION {
            return Err(too_deep((offset, 0).into()));
        }
        offset += line.len();
    }
    Ok(())
}

fn too_deep(span: SourceSpan) -> Finding {
    Finding::at(span, format!("this is nested too deeply: the gateway reads at most {MAX_DEPTH} levels"))
}

/// The byte offset of each character in a text. The YAML library counts characters, and everything else counts bytes.
struct Document {
    offsets: Vec<usize>,
    end: usize,
}

impl Document {
    fn new(text: &str) -> Self {
        Self { offsets: text.char_indices().map(|(offset, _)| offset).collect(), end: text.len() }
    }

    fn offset(&self, character: usize) -> usize {
        self.offsets.get(character).copied().unwrap_or(self.end)
    }

    fn span(&self, yaml: &MarkedYamlOwned) -> SourceSpan {
        self.bytes(yaml.span)
    }

    fn bytes(&self, span: Span) -> SourceSpan {
        let (start, end) = (self.offset(span.start.index()), self.offset(span.end.index()));
        (start, end.saturating_sub(start)).into()
    }

    fn repeated(&self, RepeatedKey { key, span }: &RepeatedKey) -> Finding {
        Finding::at(self.bytes(*span), format!("`{key}` is here for the second time: this value counts"))
            .breaks(rules::REPEATED_KEY)
            .help("remove one of the two")
    }

    fn node(&self, yaml: MarkedYamlOwned, depth: usize) -> Result<Node, Finding> {
        let span = self.span(&yaml);
        Ok(Node::new(span, self.value(yaml.data, span, depth)?))
    }

    fn value(&self, data: YamlDataOwned<MarkedYamlOwned>, span: SourceSpan, depth: usize) -> Result<Value, Finding> {
        if depth > MAX_DEPTH {
            return Err(too_deep(span));
        }
        match data {
            YamlDataOwned::Value(value) => Ok(scalar(value)),
            YamlDataOwned::Sequence(items) => {
                items.into_iter().map(|item| self.node(item, depth + 1)).collect::<Result<_, _>>().map(Value::List)
            }
            YamlDataOwned::Mapping(entries) => {
                let entries = entries.into_iter().map(|(key, value)| self.entry(key, value, depth + 1));
                Ok(long_form(Map(last_of_each(entries.collect::<Result<_, _>>()?))))
            }
            // A scalar behind a tag has no place of its own, so the argument gets the tag's place.
            YamlDataOwned::Tagged(tag, inner) => Ok(Value::Call(Box::new(Call {
                function: function_name(&tag),
                argument: Node::new(span, self.value(inner.data, span, depth + 1)?),
            }))),
            YamlDataOwned::Representation(..) | YamlDataOwned::Alias(_) | YamlDataOwned::BadValue => {
                Err(Finding::at(span, "this value does not fit its YAML tag or anchor"))
            }
        }
    }

    fn entry(&self, key: MarkedYamlOwned, value: MarkedYamlOwned, depth: usize) -> Result<Entry, Finding> {
        let key = self.node(key, depth)?;
        let name = key.text("a key")?;
        if name == "<<" {
            return Err(Finding::at(key.span, "CloudFormation does not support YAML's merge key `<<`")
                .help("repeat the entries, or put what functions share under `Globals`"));
        }
        Ok(Entry { key: name, key_span: key.span, value: self.node(value, depth)? })
    }
}

/// Keys that differ only in their YAML type, as `1` and `"1"` do, are the same here.
fn last_of_each(mut entries: Vec<Entry>) -> Vec<Entry> {
    let mut keys = HashSet::new();
    entries.reverse();
    entries.retain(|entry| keys.insert(entry.key.clone()));
    entries.reverse();
    entries
}

fn scalar(value: ScalarOwned) -> Value {
    match value {
        ScalarOwned::Null => Value::Null,
        ScalarOwned::Boolean(value) => Value::Bool(value),
        ScalarOwned::Integer(value) => Value::Number(value.into()),
        ScalarOwned::FloatingPoint(value) => {
            // JSON has no infinities. A template that says `.inf` probably means text.
            Number::from_f64(*value).map_or_else(|| Value::Text(value.to_string()), Value::Number)
        }
        ScalarOwned::String(text) => Value::Text(text),
    }
}

fn function_name(tag: &Tag) -> String {
    if tag.handle == "!" { tag.suffix.clone() } else { tag.to_string() }
}

/// Makes calls of `{ Ref: … }` and `{ Fn::Name: … }`. (`{ Condition: … }` is a call only inside a condition, so it stays a map.)
fn long_form(mut map: Map) -> Value {
    let function = match map.0.as_slice() {
        [only] if only.key == "Ref" => Some("Ref".to_owned()),
        [only] => only.key.strip_prefix("Fn::").map(str::to_owned),
        _ => None,
    };
    match function.and_then(|function| Some((function, map.0.pop()?))) {
        Some((function, entry)) => Value::Call(Box::new(Call { function, argument: entry.value })),
        None => Value::Map(map),
    }
}
