//! CloudFormation's intrinsic functions and conditions.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use miette::SourceSpan;

use super::error::Finding;
use super::node::{Call, Entry, Map, Node, Value};
use super::stack::Stack;

impl Stack {
    /// `node` with every intrinsic function resolved. `None` stands for `AWS::NoValue`, which removes the property or list item.
    pub(super) fn resolve(&self, node: &Node) -> Result<Option<Node>, Finding> {
        self.inside(node.span, || match &node.value {
            Value::Call(call) => self.call(call, node.span),
            _ => self.resolve_parts(node).map(Some),
        })
    }

    fn resolve_parts(&self, node: &Node) -> Result<Node, Finding> {
        let value = match &node.value {
            Value::List(items) => {
                Value::List(items.iter().filter_map(|item| self.resolve(item).transpose()).collect::<Result<_, _>>()?)
            }
            Value::Map(map) => {
                let entries = map.0.iter().filter_map(|entry| match self.resolve(&entry.value) {
                    Ok(value) => value.map(|value| Ok(Entry { value, ..entry.clone() })),
                    Err(finding) => Some(Err(finding)),
                });
                Value::Map(Map(entries.collect::<Result<_, _>>()?))
            }
            scalar => scalar.clone(),
        };
        Ok(Node::new(node.span, value))
    }

    fn call(&self, call: &Call, span: SourceSpan) -> Result<Option<Node>, Finding> {
        let value = match call.function.as_str() {
            "If" => return self.resolve(self.chosen(call, span)?),
            "Ref" => match self.reference(&call.argument.text("the argument of `!Ref`")?, span)? {
                Some(value) => value,
                None => return Ok(None),
            },
            "Base64" => Value::Text(STANDARD.encode(self.text(&call.argument)?)),
            "FindInMap" => self.find_in_map(call, span)?,
            "GetAtt" => Value::Text(self.get_att(&call.argument, span)?),
            "GetAZs" => self.availability_zones(&call.argument)?,
            "ImportValue" => return Err(self.imported(span)),
            "Join" => Value::Text(self.join(call, span)?),
            "Select" => self.select(call, span)?,
            "Split" => Value::List(self.split(call, span)?),
            "Sub" => Value::Text(self.sub(&call.argument, span)?),
            unknown => {
                return Err(Finding::at(span, format!("the gateway can't resolve `!{unknown}`"))
                    .help("put the value into a parameter with a `Default`, and refer to the parameter with `!Ref`"));
            }
        };
        Ok(Some(Node::new(span, value)))
    }

    /// The branch of an `!If` that its condition chooses.
    fn chosen<'c>(&self, call: &'c Call, span: SourceSpan) -> Result<&'c Node, Finding> {
        let [condition, then, otherwise] = arguments(call, span)?;
        let holds = self.condition(&condition.text("the condition of `!If`")?, condition.span)?;
        Ok(if holds { then } else { otherwise })
    }

    fn join(&self, call: &Call, span: SourceSpan) -> Result<String, Finding> {
        let [delimiter, parts] = arguments(call, span)?;
        let parts = self.needed(parts)?;
        let parts = parts.list("the second argument of `!Join`")?.iter().map(|part| part.text("an item of `!Join`"));
        Ok(parts.collect::<Result<Vec<_>, _>>()?.join(&self.text(delimiter)?))
    }

    fn split(&self, call: &Call, span: SourceSpan) -> Result<Vec<Node>, Finding> {
        let [delimiter, text] = arguments(call, span)?;
        let (delimiter, text) = (self.text(delimiter)?, self.text(text)?);
        if delimiter.is_empty() {
            return Err(Finding::at(span, "the delimiter of `!Split` must not be empty"));
        }
        Ok(text.split(delimiter.as_str()).map(|part| Node::new(span, Value::Text(part.to_owned()))).collect())
    }

    /// The value of an argument that must not be `AWS::NoValue`.
    fn needed(&self, node: &Node) -> Result<Node, Finding> {
        self.resolve(node)?
            .ok_or_else(|| Finding::at(node.span, "`AWS::NoValue` is not allowed here: a value is required"))
    }

    fn text(&self, node: &Node) -> Result<String, Finding> {
        self.needed(node)?.text("this argument")
    }

    fn select(&self, call: &Call, span: SourceSpan) -> Result<Value, Finding> {
        let [index, items] = arguments(call, span)?;
        let items = self.needed(items)?;
        let items = items.list("the second argument of `!Select`")?;
        let index: usize = self.needed(index)?.integer("the index of `!Select`", 0..=usize::MAX)?;
        items.get(index).map(|item| item.value.clone()).ok_or_else(|| {
            Finding::at(span, format!("`!Select` asks for item {index} of a list of length {}", items.len()))
                .help("the first item has the index 0")
        })
    }

    fn find_in_map(&self, call: &Call, span: SourceSpan) -> Result<Value, Finding> {
        let (names, default) = match &call.argument.value {
            Value::List(items) if items.len() == 4 => (&items[..3], Some(&items[3])),
            _ => (arguments::<3>(call, span)?.as_slice(), None),
        };
        let names = names.iter().map(|name| Ok((self.text(name)?, name.span))).collect::<Result<Vec<_>, Finding>>()?;
        let default =
            default.map(|node| node.entry("the last argument of `!FindInMap`", "DefaultValue")).transpose()?;
        match (mapped(&self.mappings, &names), default) {
            (Ok(node), _) => Ok(node.value.clone()),
            (Err(_), Some(default)) => Ok(self.needed(default)?.value),
            (Err(finding), None) => Err(finding),
        }
    }

    /// Three availability zones, as most regions have. An empty region stands for the stack's region.
    fn availability_zones(&self, argument: &Node) -> Result<Value, Finding> {
        let named = self.text(argument)?;
        let region = if named.is_empty() { &self.options.account.region } else { &named };
        let zones = ["a", "b", "c"].map(|zone| Node::new(argument.span, Value::Text(format!("{region}{zone}"))));
        Ok(Value::List(zones.into()))
    }

    fn imported(&self, span: SourceSpan) -> Finding {
        Finding::at(span, "the gateway can't resolve `!ImportValue`: only AWS knows what other stacks export").help(format!(
            "put the value into a parameter with a `Default`, or import it only on AWS: `!If [Local, value, !ImportValue name]` \
             with `Conditions: {{ Local: !Equals [!Ref AWS::AccountId, '{}'] }}`",
            self.options.account.id
        ))
    }

    fn get_att(&self, argument: &Node, span: SourceSpan) -> Result<String, Finding> {
        let shape = || {
            Finding::at(span, "`!GetAtt` must name a resource and an attribute")
                .help("write for example `!GetAtt Name.Arn`")
        };
        match &argument.value {
            Value::List(parts) => match parts.as_slice() {
                [id, attribute] => self.attribute(&id.text("a logical id")?, &self.text(attribute)?, span),
                _ => Err(shape()),
            },
            Value::Text(text) => {
                let (id, attribute) = text.split_once('.').ok_or_else(shape)?;
                self.attribute(id, attribute, span)
            }
            _ => Err(shape()),
        }
    }

    fn sub(&self, argument: &Node, span: SourceSpan) -> Result<String, Finding> {
        let none = Map::default();
        let (template, variables) = match &argument.value {
            Value::List(parts) => match parts.as_slice() {
                [template, variables] => (template, variables.map("the variables of `!Sub`")?),
                _ => return Err(argument.not("the argument of `!Sub`", "text, or a list of text and a map")),
            },
            _ => (argument, &none),
        };
        let template = template.text("the text of `!Sub`")?;
        let mut rest = template.as_str();
        let mut result = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').ok_or_else(|| {
                Finding::at(span, "`!Sub` has a `${` without a closing `}`")
                    .help("write `${!Name}` for the literal text `${Name}`")
            })?;
            result.push_str(before);
            match name.strip_prefix('!') {
                Some(literal) => result.extend(["${", literal, "}"]),
                None => result.push_str(&self.variable(name.trim(), variables, span)?),
            }
            rest = after;
        }
        Ok(result + rest)
    }

    /// What stands for `${name}` in a `!Sub`.
    fn variable(&self, name: &str, variables: &Map, span: SourceSpan) -> Result<String, Finding> {
        if let Some(node) = variables.get(name) {
            return self.text(node);
        }
        if let Some((id, attribute)) = name.split_once('.') {
            return self.attribute(id, attribute, span);
        }
        match self.reference(name, span)? {
            Some(value) => Node::new(span, value).text(&format!("`${{{name}}}`")),
            None => Err(Finding::at(span, "`AWS::NoValue` is not allowed inside a text")),
        }
    }

    /// Whether the condition `name` holds.
    pub(super) fn condition(&self, name: &str, span: SourceSpan) -> Result<bool, Finding> {
        let node = self.conditions.get(name).ok_or_else(|| {
            Finding::at(span, format!("the template has no condition `{name}`")).suggest(name, self.conditions.keys())
        })?;
        self.known_conditions.get(name, span, || self.holds(node))
    }

    /// Whether the condition that `node` defines holds.
    fn holds(&self, node: &Node) -> Result<bool, Finding> {
        self.inside(node.span, || match &node.value {
            Value::Call(call) => self.call_holds(call, node),
            Value::Map(map) => match map.0.as_slice() {
                [only] if only.key == "Condition" => self.condition(&only.value.text("`Condition`")?, only.value.span),
                _ => Err(not_a_condition(node)),
            },
            _ => Err(not_a_condition(node)),
        })
    }

    fn call_holds(&self, call: &Call, node: &Node) -> Result<bool, Finding> {
        match call.function.as_str() {
            "Condition" => self.condition(&call.argument.text("`!Condition`")?, node.span),
            "Equals" => {
                let [left, right] = arguments(call, node.span)?;
                Ok(self.text(left)? == self.text(right)?)
            }
            "Not" => {
                let [negated] = arguments(call, node.span)?;
                Ok(!self.holds(negated)?)
            }
            "And" => self.all_are(call, true),
            "Or" => self.all_are(call, false).map(|none_holds| !none_holds),
            _ => Err(not_a_condition(node)),
        }
    }

    /// Whether every condition in the argument of `call` is `expected`.
    fn all_are(&self, call: &Call, expected: bool) -> Result<bool, Finding> {
        for node in call.argument.list(&format!("the argument of `!{}`", call.function))? {
            if self.holds(node)? != expected {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// The value at three nested keys of the mappings.
fn mapped<'m>(mappings: &'m Map, names: &[(String, SourceSpan)]) -> Result<&'m Node, Finding> {
    let look_up = |map: &'m Map, (name, span): &(String, SourceSpan)| {
        map.get(name)
            .ok_or_else(|| Finding::at(*span, format!("`Mappings` has no key `{name}` here")).suggest(name, map.keys()))
    };
    let [mapping, first, second] = names else { return Err(Finding::new("`!FindInMap` takes three names")) };
    let entries = look_up(mappings, mapping)?.map("a mapping")?;
    look_up(look_up(entries, first)?.map("an entry of a mapping")?, second)
}

fn not_a_condition(node: &Node) -> Finding {
    node.not("a condition", "one of `!Equals`, `!And`, `!Or`, `!Not` and `!Condition`")
}

/// The argument of `call` as a list of `N` arguments.
fn arguments<const N: usize>(call: &Call, span: SourceSpan) -> Result<&[Node; N], Finding> {
    match &call.argument.value {
        Value::List(items) => items.as_slice().try_into().ok(),
        _ => None,
    }
    .ok_or_else(|| Finding::at(span, format!("`!{}` takes a list of {N} arguments", call.function)))
}
