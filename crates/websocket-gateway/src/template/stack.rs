//! The template with its options: the stack that CloudFormation would make of it.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use super::error::{Finding, Location};
use super::findings::Findings;
use super::kinds::{LAMBDA_FUNCTION, SERVERLESS_FUNCTION};
use super::memo::Memo;
use super::names;
use super::node::{Entry, Map, Node, Value};
use super::options::Options;
use super::parameters::Parameters;

/// How deep values and references together may nest. The limit keeps recursion from exhausting the thread's stack.
const MAX_DEPTH: usize = 150;

/// The transforms that add no resources but those that the gateway knows.
const EXPANDED: [&str; 2] = ["AWS::Serverless-2016-10-31", "AWS::LanguageExtensions"];

/// A template whose values are resolved only when they are asked for, so that a value that the gateway does not need can't cause an error.
pub(super) struct Stack {
    pub(super) options: Options,
    source: Arc<NamedSource<String>>,
    /// The stack's name. The default names of functions and tables begin with it.
    pub(super) name: String,
    pub(super) directory: PathBuf,
    pub(super) parameters: Parameters,
    pub(super) mappings: Map,
    pub(super) conditions: Map,
    pub(super) resources: Vec<Resource>,
    /// The logical ids of resources that can't be read.
    pub(super) unread: BTreeSet<String>,
    /// The entries of `Resources` that AWS would replace by the output of a macro.
    pub(super) macros: Vec<Entry>,
    pub(super) has_transform: bool,
    /// Whether the template says everything that is in the stack, apart from what SAM makes of it: no macro adds resources.
    pub(super) is_complete: bool,
    /// Whether the template is JSON, which mostly means that another program has written it.
    pub(super) is_json: bool,
    pub(super) known_conditions: Memo<bool>,
    pub(super) known_names: Memo<String>,
    depth: Cell<usize>,
}

/// An entry of `Resources`.
pub(super) struct Resource {
    pub(super) id: String,
    /// The place of its logical id.
    pub(super) span: SourceSpan,
    /// Where its last line ends.
    pub(super) end: usize,
    pub(super) kind: String,
    pub(super) kind_span: SourceSpan,
    pub(super) condition: Option<Node>,
    pub(super) depends_on: Option<Node>,
    /// The properties, with SAM's `Globals` under them.
    pub(super) properties: Map,
    /// The properties that stand at the resource itself.
    pub(super) own: Map,
    pub(super) metadata: Map,
    /// Its `Connectors`, of which SAM makes permissions.
    pub(super) connectors: Map,
}

impl Stack {
    pub(super) fn read(
        root: &Node,
        source: Arc<NamedSource<String>>,
        path: &Path,
        options: &Options,
        findings: &mut Findings,
    ) -> Result<Self, Finding> {
        let root = root.map("a template")?;
        let globals = section(root, "Globals")?;
        let (macros, resources): (Vec<_>, Vec<_>) =
            section(root, "Resources")?.0.into_iter().partition(Entry::is_macro);
        let mut unread = BTreeSet::new();
        let resources = resources.iter().filter_map(|entry| {
            let resource = findings.keep(Resource::read(entry, &globals));
            if resource.is_none() {
                unread.insert(entry.key.clone());
            }
            resource
        });
        let resources = resources.collect();
        let transforms = root.get("Transform").map(names_in).unwrap_or_default();
        let mut stack = Self {
            options: options.clone(),
            is_json: source.inner().trim_start().starts_with('{'),
            source,
            name: options.stack_name.clone().unwrap_or_else(|| names::of_stack(path)),
            directory: path.parent().unwrap_or(Path::new("")).to_owned(),
            parameters: Parameters::read(&section(root, "Parameters")?, options)?,
            mappings: section(root, "Mappings")?,
            conditions: section(root, "Conditions")?,
            resources,
            unread,
            is_complete: macros.is_empty() && transforms.iter().all(|name| EXPANDED.contains(&name.as_str())),
            macros,
            has_transform: root.get("Transform").is_some(),
            known_conditions: Memo::default(),
            known_names: Memo::default(),
            depth: Cell::default(),
        };
        if options.stack_name.is_none() {
            stack.shorten_name();
        }
        Ok(stack)
    }

    /// The resources of a type, without those whose condition is false.
    pub(super) fn of_kind(&self, kind: &str) -> Result<Vec<&Resource>, Finding> {
        let of_kind = self.resources.iter().filter(|resource| resource.kind == kind);
        of_kind
            .filter_map(|resource| self.exists(resource).map(|exists| exists.then_some(resource)).transpose())
            .collect()
    }

    /// The functions, in both dialects.
    pub(super) fn functions(&self) -> Result<Vec<&Resource>, Finding> {
        Ok([self.of_kind(SERVERLESS_FUNCTION)?, self.of_kind(LAMBDA_FUNCTION)?].concat())
    }

    pub(super) fn location(&self, span: SourceSpan) -> Location {
        Location::of(span, &self.source)
    }

    pub(super) fn exists(&self, resource: &Resource) -> Result<bool, Finding> {
        let Some(condition) = &resource.condition else { return Ok(true) };
        self.condition(&condition.text("`Condition`")?, condition.span)
    }

    /// Runs `work`, which resolves a part of the value at `span` or what it refers to, one level deeper.
    pub(super) fn inside<T>(&self, span: SourceSpan, work: impl FnOnce() -> Result<T, Finding>) -> Result<T, Finding> {
        if self.depth.get() == MAX_DEPTH {
            return Err(Finding::at(
                span,
                format!("this chain of references is too long: the gateway follows at most {MAX_DEPTH} levels"),
            ));
        }
        self.depth.set(self.depth.get() + 1);
        let result = work();
        self.depth.set(self.depth.get() - 1);
        result
    }
}

impl Resource {
    fn read(entry: &Entry, globals: &Map) -> Result<Self, Finding> {
        let id = &entry.key;
        let map = entry.value.map(&format!("the resource `{id}`"))?;
        let kind = map.get("Type").ok_or_else(|| {
            Finding::at(entry.key_span, format!("the resource `{id}` has no `Type`"))
                .suggest_instead_of(map.keys(), "Type")
        })?;
        let name = kind.text("`Type`")?;
        let properties = section(map, "Properties")?;
        let shared = match name.strip_prefix("AWS::Serverless::") {
            Some(name) => section(globals, name)?,
            None => Map::default(),
        };
        Ok(Self {
            id: id.clone(),
            span: entry.key_span,
            end: entry.value.span.offset() + entry.value.span.len(),
            kind: name,
            kind_span: kind.span,
            condition: map.get("Condition").cloned(),
            depends_on: map.get("DependsOn").cloned(),
            properties: shared.overlaid(&properties),
            own: properties,
            metadata: section(map, "Metadata")?,
            connectors: section(map, "Connectors")?,
        })
    }
}

/// Reads a section of a template or of a resource. A missing section is empty. If a macro stands for the whole section, the section has that
/// macro as its only entry.
fn section(map: &Map, name: &str) -> Result<Map, Finding> {
    let Some(node) = map.get(name) else { return Ok(Map::default()) };
    match &node.value {
        Value::Null => Ok(Map::default()),
        Value::Call(call) => {
            let (key, value) = (format!("Fn::{}", call.function), call.argument.clone());
            let entry = Entry { key, key_span: node.span, value };
            if entry.is_macro() { Ok(Map(vec![entry])) } else { node.map(&format!("`{name}`")).cloned() }
        }
        _ => node.map(&format!("`{name}`")).cloned(),
    }
}

/// A text, or every text of a list.
fn names_in(node: &Node) -> Vec<String> {
    match &node.value {
        Value::List(items) => items.iter().flat_map(names_in).collect(),
        _ => vec![node.text("").unwrap_or_default()],
    }
}
