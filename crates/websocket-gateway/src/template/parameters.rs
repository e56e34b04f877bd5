//! The `Parameters` section. Values from `--parameter` replace the defaults.

use std::collections::BTreeMap;

use miette::SourceSpan;

use super::error::Finding;
use super::node::{Entry, Map, Node, Value};
use super::options::Options;

pub(super) struct Parameters(BTreeMap<String, Parameter>);

struct Parameter {
    span: SourceSpan,
    value: Result<Value, Finding>,
}

impl Parameters {
    pub(super) fn read(section: &Map, options: &Options) -> Result<Self, Finding> {
        let overrides = &options.parameters;
        if let Some(name) = overrides.keys().find(|name| section.entry(name).is_none()) {
            return Err(unknown(name, section));
        }
        let read = |entry: &Entry| {
            let parameter = Parameter::read(entry, overrides.get(&entry.key), options.assumes_parameters)?;
            Ok((entry.key.clone(), parameter))
        };
        section.0.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// The value of a parameter, for a reference at `span`. `None` if there is no such parameter.
    pub(super) fn value(&self, name: &str, span: SourceSpan) -> Option<Result<Value, Finding>> {
        let parameter = self.0.get(name)?;
        Some(parameter.value.clone().map_err(|finding| finding.label(span, "used here")))
    }
}

fn unknown(name: &str, section: &Map) -> Finding {
    let known: Vec<_> = section.keys().map(|key| format!("`{key}`")).collect();
    let help = match known.as_slice() {
        [] => "this template has no parameters".to_owned(),
        known => format!("its parameters are {}", known.join(", ")),
    };
    Finding::new(format!("the template has no parameter `{name}`, but --parameter sets it")).help(help)
}

impl Parameter {
    /// Reads a parameter. A value that is not allowed is an error at once, but a missing value only where something refers to it.
    /// `assumes` asks for a made-up value in its place.
    fn read(entry: &Entry, given: Option<&String>, assumes: bool) -> Result<Self, Finding> {
        let (name, span) = (&entry.key, entry.key_span);
        let map = entry.value.map(&format!("the parameter `{name}`"))?;
        let kind = map.get("Type").map_or_else(|| Ok("String".to_owned()), |node| node.text("`Type`"))?;
        // The default of such a parameter is not its value, but the name of a value that AWS keeps.
        let default = map.get("Default").filter(|_| !kind.starts_with("AWS::SSM::"));
        let text = match (given, default) {
            (Some(given), _) => given.clone(),
            (None, Some(default)) => default.text(&format!("the `Default` of `{name}`"))?,
            (None, None) if assumes && !kind.contains("Number") => assumed(name, map),
            (None, None) => return Ok(Self { span, value: Err(missing(name, span)) }),
        };
        let parameter = Self { span, value: Ok(typed(&kind, &text, span)) };
        let is_secret = map.get("NoEcho").is_some_and(|node| node.text("`NoEcho`").is_ok_and(|text| text == "true"));
        parameter.check(name, &kind, map.get("AllowedValues")).map_err(|finding| match is_secret {
            true => Finding::at(span, format!("the value of the parameter `{name}` is not allowed")),
            false => finding,
        })?;
        Ok(parameter)
    }

    fn check(&self, name: &str, kind: &str, allowed: Option<&Node>) -> Result<(), Finding> {
        let Ok(value) = &self.value else { return Ok(()) };
        let what = format!("the `AllowedValues` of `{name}`");
        let allowed =
            allowed.map(|node| node.list(&what)?.iter().map(|item| item.text(&what)).collect()).transpose()?;
        let allowed: Option<Vec<String>> = allowed;
        for text in texts(value) {
            if kind.contains("Number") && text.parse::<f64>().is_err() {
                return Err(Finding::at(
                    self.span,
                    format!("the parameter `{name}` must be a number, but is `{text}`"),
                ));
            }
            if let Some(allowed) = allowed.as_ref().filter(|allowed| !allowed.contains(text)) {
                return Err(Finding::at(self.span, format!("the parameter `{name}` can't be `{text}`"))
                    .help(format!("its allowed values are: {}", allowed.join(", "))));
            }
        }
        Ok(())
    }
}

/// A value that the author could choose: the first that is allowed, or else the parameter's name.
fn assumed(name: &str, parameter: &Map) -> String {
    let allowed = parameter.get("AllowedValues").and_then(|node| node.list("").ok()?.first()?.text("").ok());
    allowed.unwrap_or_else(|| name.to_owned())
}

fn missing(name: &str, span: SourceSpan) -> Finding {
    Finding::at(span, format!("the parameter `{name}` has no value"))
        .help(format!("set it with --parameter {name}=VALUE"))
}

fn typed(kind: &str, text: &str, span: SourceSpan) -> Value {
    if kind.contains("List<") || kind.contains("CommaDelimitedList") {
        Value::List(text.split(',').map(|item| Node::new(span, Value::Text(item.trim().to_owned()))).collect())
    } else {
        Value::Text(text.to_owned())
    }
}

fn texts(value: &Value) -> Vec<&String> {
    match value {
        Value::Text(text) => vec![text],
        Value::List(items) => items.iter().flat_map(|item| texts(&item.value)).collect(),
        _ => Vec::new(),
    }
}
