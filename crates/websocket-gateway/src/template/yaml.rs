//! YAML as the library loads it, with the keys that a map has twice. Of those the last value counts.

use std::collections::HashSet;
use std::mem;

use saphyr::{MarkedYamlOwned, ScanError, YamlLoader};
use saphyr_parser::{Event, Parser, Span, SpannedEventReceiver};

/// The documents of a text.
pub(super) struct Yaml {
    pub(super) documents: Vec<MarkedYamlOwned>,
    pub(super) repeated: Vec<RepeatedKey>,
}

/// A key that stands in the same map before.
pub(super) struct RepeatedKey {
    pub(super) key: String,
    /// Its place, in characters.
    pub(super) span: Span,
}

pub(super) fn load(text: &str) -> Result<Yaml, ScanError> {
    let mut loader = Loader { yaml: YamlLoader::default(), open: Vec::new(), repeated: Vec::new() };
    loader.yaml.allow_duplicate_keys(true);
    Parser::new_from_iter(text.chars()).load(&mut loader, true)?;
    match loader.yaml.error() {
        Some(error) => Err(error.clone()),
        None => Ok(Yaml { documents: loader.yaml.into_documents(), repeated: loader.repeated }),
    }
}

/// Hands every event on to the library's loader, which keeps the last value of a key without telling.
struct Loader<'t> {
    yaml: YamlLoader<'t, MarkedYamlOwned>,
    /// The lists and maps that are open, from the outside in.
    open: Vec<Open>,
    repeated: Vec<RepeatedKey>,
}

enum Open {
    List,
    Map { keys: HashSet<String>, key_is_next: bool },
}

impl Loader<'_> {
    /// Notes that a node begins. Only a scalar has text that a key can be compared by.
    fn node(&mut self, text: Option<&str>, span: Span) {
        let Some(Open::Map { keys, key_is_next }) = self.open.last_mut() else { return };
        let is_key = mem::replace(key_is_next, !*key_is_next);
        if let Some(key) = text.filter(|_| is_key)
            && !keys.insert(key.to_owned())
        {
            self.repeated.push(RepeatedKey { key: key.to_owned(), span });
        }
    }
}

impl<'t> SpannedEventReceiver<'t> for Loader<'t> {
    fn on_event(&mut self, event: Event<'t>, span: Span) {
        match &event {
            Event::Scalar(text, ..) => self.node(Some(text), span),
            Event::Alias(_) => self.node(None, span),
            Event::SequenceStart(..) => {
                self.node(None, span);
                self.open.push(Open::List);
            }
            Event::MappingStart(..) => {
                self.node(None, span);
                self.open.push(Open::Map { keys: HashSet::new(), key_is_next: true });
            }
            Event::SequenceEnd | Event::MappingEnd => drop(self.open.pop()),
            _ => {}
        }
        self.yaml.on_event(event, span);
    }
}
