//! Findings: what is wrong with a template, where, and what to write instead.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, SourceSpan};

/// Why a template can't be served.
///
/// `Display` is one line; as a [`miette::Diagnostic`] it also shows the place in the template and what to write instead.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{message}")]
pub struct TemplateError {
    message: String,
    #[help]
    help: Option<String>,
    #[label(collection)]
    labels: Vec<LabeledSpan>,
    #[source_code]
    source_code: Arc<NamedSource<String>>,
    location: Option<Location>,
}

impl TemplateError {
    /// Where the template is at fault; `None` if that is nowhere in it, as for a file that can't be read.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.location.as_ref()
    }

    pub(super) fn unreadable(path: &Path, cause: &std::io::Error) -> Self {
        Self {
            message: format!("the template `{}` can't be read: {cause}", path.display()),
            help: Some("name the template with --template, or start where `template.yaml` is".to_owned()),
            labels: Vec::new(),
            source_code: Arc::new(NamedSource::new(path.to_string_lossy(), String::new())),
            location: None,
        }
    }
}

/// Something that does not keep the gateway from starting, but that the template's author should know.
#[derive(Clone, Debug)]
pub struct Remark {
    /// What it is.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where it is; `None` if the cause is that something is missing from the whole template.
    pub location: Option<Location>,
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)?;
        self.help.iter().try_for_each(|help| write!(f, "; {help}"))
    }
}

/// A place in a template. `Display` is `file:line:column`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The path of the template as it was given.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// In characters, counted from 1.
    pub column: usize,
}

impl Location {
    pub(super) fn of(span: SourceSpan, source: &NamedSource<String>) -> Self {
        let before = source.inner().get(..span.offset()).unwrap_or_default();
        let line = before.split('\n').next_back().unwrap_or_default();
        Self {
            file: source.name().to_owned(),
            line: before.matches('\n').count() + 1,
            column: line.chars().count() + 1,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// What becomes a [`TemplateError`] or a [`Remark`] once it is known which file it is about.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    message: String,
    help: Option<String>,
    labels: Vec<(SourceSpan, String)>,
}

impl Finding {
    pub(super) fn new(message: impl Into<String>) -> Self {
        // What a template says may be quoted in it, and may have line ends.
        Self { message: message.into().replace(char::is_control, " "), help: None, labels: Vec::new() }
    }

    pub(super) fn at(span: SourceSpan, message: impl Into<String>) -> Self {
        Self::new(message).label(span, "here")
    }

    /// To leave out what keeps clients away would be worse than not to start.
    pub(super) fn lets_everyone_in(span: SourceSpan, what: &str) -> Self {
        let reason = "is not supported yet, so the gateway refuses to start rather than letting everyone in";
        Self::at(span, format!("{what} {reason}"))
    }

    /// Marks one more place. The first is the one that the finding is about.
    pub(super) fn label(mut self, span: SourceSpan, label: impl Into<String>) -> Self {
        self.labels.push((span, label.into()));
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests the candidate that is most like `name`, if one is.
    pub(super) fn suggest<'c>(self, name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Self {
        match nearest(name, candidates) {
            Some(candidate) => self.help(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }

    /// For a name that is missing: says which of those that are there may be meant for it.
    pub(super) fn suggest_instead_of<'c>(self, present: impl IntoIterator<Item = &'c str>, missing: &str) -> Self {
        match nearest(missing, present) {
            Some(present) => self.help(format!("write `{missing}` instead of `{present}`")),
            None => self,
        }
    }

    pub(super) fn into_error(self, source: &Arc<NamedSource<String>>) -> TemplateError {
        let location = self.location(source);
        let label = |(span, text): (SourceSpan, String)| {
            LabeledSpan::new_with_span(Some(text), first_line(span, source.inner()))
        };
        TemplateError {
            message: self.message,
            help: self.help,
            labels: self.labels.into_iter().map(label).collect(),
            source_code: Arc::clone(source),
            location,
        }
    }

    pub(super) fn into_remark(self, source: &NamedSource<String>) -> Remark {
        let location = self.location(source);
        Remark { message: self.message, help: self.help, location }
    }

    fn location(&self, source: &NamedSource<String>) -> Option<Location> {
        self.labels.first().map(|(span, _)| Location::of(*span, source))
    }
}

/// A map or list ends where the next thing starts, which is more than a label should underline.
fn first_line(span: SourceSpan, text: &str) -> SourceSpan {
    let marked = text.get(span.offset()..span.offset() + span.len()).unwrap_or_default();
    let line = marked.lines().next().unwrap_or_default().trim_end();
    (span.offset(), line.len()).into()
}

/// The candidate with the fewest edits to `name`, if those are few enough for a slip of the pen.
fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    let limit = name.chars().count().div_ceil(3);
    candidates
        .into_iter()
        .map(|candidate| (edits(name, candidate), candidate))
        .filter(|&(edits, _)| edits <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance, without regard to case.
fn edits(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.to_lowercase().chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.to_lowercase().chars().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        for (cell, &to) in row.iter_mut().skip(1).zip(&b) {
            let replaced = diagonal + usize::from(from != to);
            diagonal = *cell;
            left = replaced.min(left + 1).min(*cell + 1);
            *cell = left;
        }
        row[0] = i + 1;
    }
    row.last().copied().unwrap_or_default()
}
