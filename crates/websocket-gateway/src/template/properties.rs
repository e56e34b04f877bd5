//! Reads properties by name.

use std::borrow::Cow;

use miette::SourceSpan;

use super::check::rules;
use super::error::{Finding, Severity};
use super::node::{Entry, Map, Node, Value};
use super::stack::{Resource, Stack};

impl Stack {
    /// The properties of a resource, with SAM's `Globals` under them.
    pub(super) fn properties<'s>(&'s self, resource: &'s Resource) -> Properties<'s> {
        Properties::new(self, format!("`{}`", resource.id), resource.span, &resource.properties)
    }

    /// The entries of a resource's `Metadata`.
    pub(super) fn metadata<'s>(&'s self, resource: &'s Resource) -> Properties<'s> {
        Properties::new(self, format!("`Metadata` of `{}`", resource.id), resource.span, &resource.metadata)
    }

    /// The resources of a type that are known to belong to an API.
    pub(super) fn known_of_api(&self, kind: &str, api_id: &str) -> Vec<&Resource> {
        let is_its = |resource: &&Resource| {
            resource.kind == kind
                && self.exists(resource).unwrap_or_default()
                && self.properties(resource).known("ApiId").is_some_and(|(id, _)| id == api_id)
        };
        self.resources.iter().filter(is_its).collect()
    }

    /// The resources of a type whose `ApiId` is `api_id`. A resource of an API in another stack is left out.
    pub(super) fn of_api(&self, kind: &str, api_id: &str) -> Result<Vec<&Resource>, Finding> {
        let mut found = Vec::new();
        for resource in self.of_kind(kind)? {
            let properties = self.properties(resource);
            if !properties.is_imported("ApiId") && properties.required("ApiId")?.text("`ApiId`")? == api_id {
                found.push(resource);
            }
        }
        Ok(found)
    }
}

/// The properties of a resource, or a map inside them.
pub(super) struct Properties<'s> {
    stack: &'s Stack,
    owner: String,
    span: SourceSpan,
    map: &'s Map,
}

impl<'s> Properties<'s> {
    /// `owner` names in messages whose properties these are. `span` is the owner's place.
    pub(super) fn new(stack: &'s Stack, owner: String, span: SourceSpan, map: &'s Map) -> Self {
        Self { stack, owner, span, map }
    }

    /// The property, with every intrinsic function resolved.
    pub(super) fn optional(&self, name: &str) -> Result<Option<Node>, Finding> {
        self.map.get(name).map_or(Ok(None), |node| self.stack.resolve(node))
    }

    pub(super) fn required(&self, name: &str) -> Result<Node, Finding> {
        self.optional(name)?.ok_or_else(|| self.missing(name))
    }

    /// The property, with the intrinsic functions inside it as they are. If it is itself a call, that call is resolved.
    pub(super) fn unresolved(&self, name: &str) -> Result<Cow<'s, Node>, Finding> {
        match self.map.get(name) {
            Some(Node { value: Value::Call(_), .. }) | None => self.required(name).map(Cow::Owned),
            Some(node) => Ok(Cow::Borrowed(node)),
        }
    }

    /// The property with its name, as they are written in the template.
    pub(super) fn entry(&self, name: &str) -> Option<&'s Entry> {
        self.map.entry(name)
    }

    /// The property as it is written in the template.
    pub(super) fn written(&self, name: &str) -> Option<&'s Node> {
        self.map.get(name)
    }

    /// The property's place, or its owner's place if the property is missing.
    pub(super) fn span_of(&self, name: &str) -> SourceSpan {
        self.map.get(name).map_or(self.span, |node| node.span)
    }

    pub(super) fn missing(&self, name: &str) -> Finding {
        let finding = self.missing_here(name);
        let has_macro = self.map.0.iter().any(Entry::is_macro);
        if has_macro { finding } else { finding.breaks(rules::MISSING_PROPERTY) }
    }

    /// For a property that only this gateway needs.
    pub(super) fn missing_here(&self, name: &str) -> Finding {
        let finding = Finding::at(self.span, format!("{} has no `{name}`", self.owner));
        match self.map.0.iter().find(|entry| entry.is_macro()) {
            Some(entry) => finding.label(entry.key_span, "the gateway does not expand this"),
            None => finding.suggest_instead_of(self.map.keys(), name),
        }
    }

    /// Whether the property is an `!ImportValue`: only AWS knows it, because another stack exports it.
    pub(super) fn is_imported(&self, name: &str) -> bool {
        matches!(self.map.get(name), Some(Node { value: Value::Call(call), .. }) if call.function == "ImportValue")
    }

    /// The property as text, if it is there and can be resolved.
    pub(super) fn known(&self, name: &str) -> Option<(String, SourceSpan)> {
        let node = self.optional(name).ok()??;
        Some((node.text("").ok()?, node.span))
    }

    /// Finds the properties that do not exist, for a resource of SAM's, which refuses them.
    pub(super) fn misnamed(&self, known: &[&str]) -> impl Iterator<Item = Finding> {
        self.others(known).map(|entry| {
            let message = format!("{} can't have a property `{}`", self.owner, entry.key);
            let finding = Finding::at(entry.key_span, message).help("remove it");
            let finding = finding.suggest(&entry.key, known.iter().copied());
            // What a macro would add is not known.
            if entry.is_macro() { finding.severity(Severity::Error) } else { finding.breaks(rules::SAM_PROPERTY) }
        })
    }

    /// Finds unknown properties. These are not errors, because CloudFormation gains properties faster than SAM does.
    pub(super) fn unknown(&self, known: &[&str]) -> impl Iterator<Item = Finding> {
        self.others(known).filter(|entry| !entry.is_macro()).map(|entry| {
            let message = format!("{} has an unknown property `{}`, which the gateway ignores", self.owner, entry.key);
            let finding = Finding::at(entry.key_span, message).breaks(rules::UNKNOWN_PROPERTY).help("remove it");
            finding.suggest(&entry.key, known.iter().copied())
        })
    }

    fn others(&self, known: &[&str]) -> impl Iterator<Item = &'s Entry> {
        self.map.0.iter().filter(|entry| !known.contains(&entry.key.as_str()))
    }

    /// The keys of a property that is a map. Returns none for other properties.
    pub(super) fn keys_of(&self, name: &str) -> impl Iterator<Item = &'s str> {
        let map = match self.map.get(name) {
            Some(Node { value: Value::Map(map), .. }) => Some(map),
            _ => None,
        };
        map.into_iter().flat_map(Map::keys)
    }

    /// Returns a warning for each of `names` that the template sets.
    pub(super) fn ignored(&self, names: &[&str]) -> impl Iterator<Item = Finding> {
        let present = names.iter().filter_map(|name| self.map.entry(name));
        present.map(|entry| Finding::at(entry.key_span, format!("the gateway ignores `{}`", entry.key)))
    }
}
