//! Errors, warnings and notes about a template: what is wrong, where it is, and what to write instead.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use miette::{LabeledSpan, NamedSource, SourceSpan};

/// What ends a line in YAML. A carriage return does so alone, too.
pub(super) const LINE_ENDS: [char; 2] = ['\r', '\n'];

/// Why a template can't be served.
///
/// `Display` is a single line. As a [`miette::Diagnostic`], the error also shows the place in the template and what to write instead.
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
    /// Where the mistake is. `None` if it has no place in the template, for example if the file can't be read.
    #[must_use]
    pub fn location(&self) -> Option<&Location> {
        self.location.as_ref()
    }

    pub(super) fn unreadable(path: &Path, cause: &std::io::Error) -> Self {
        Self {
            message: format!("the template `{}` can't be read: {cause}", path.display()),
            help: Some(
                "pass the template's path with --template, or start in the directory that has `template.yaml`; \
                 `websocket-gateway new NAME` makes a project that has one"
                    .to_owned(),
            ),
            labels: Vec::new(),
            source_code: Arc::new(NamedSource::new(path.to_string_lossy(), String::new())),
            location: None,
        }
    }
}

/// A warning or a note: something that the template's author should know, although the gateway starts.
///
/// `Display` is a single line: the place, the message and the advice.
#[derive(Clone, Debug)]
pub struct Remark {
    /// What the gateway has found.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Where it is. `None` if it concerns the template as a whole.
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
    /// The template's path, as the user gave it.
    pub file: String,
    /// The line, counted from 1.
    pub line: usize,
    /// The column in characters, counted from 1.
    pub column: usize,
}

impl Location {
    pub(super) fn of(span: SourceSpan, source: &NamedSource<String>) -> Self {
        let before = source.inner().get(..span.offset()).unwrap_or_default();
        let line = before.rsplit(LINE_ENDS).next().unwrap_or_default();
        Self {
            file: source.name().to_owned(),
            // Both characters of a `\r\n` are one line end.
            line: before.matches(LINE_ENDS).count() - before.matches("\r\n").count() + 1,
            column: line.chars().count() + 1,
        }
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A [`TemplateError`] or a [`Remark`] that does not know its file yet.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    message: String,
    help: Option<String>,
    labels: Vec<(SourceSpan, String)>,
}

impl Finding {
    pub(super) fn new(message: impl Into<String>) -> Self {
        // A message may quote text from the template, which may contain line ends.
        Self { message: message.into().replace(char::is_control, " "), help: None, labels: Vec::new() }
    }

    pub(super) fn at(span: SourceSpan, message: impl Into<String>) -> Self {
        Self::new(message).label(span, "here")
    }

    /// For an access control that the gateway does not support. To ignore it would let every client in, so this is an error.
    pub(super) fn unsupported_access_control(span: SourceSpan, what: &str) -> Self {
        let reason = "is not supported yet, so the gateway refuses to start rather than letting everyone in";
        Self::at(span, format!("{what} {reason}"))
    }

    /// Marks a further place. The first place is what the finding is about.
    pub(super) fn label(mut self, span: SourceSpan, label: impl Into<String>) -> Self {
        self.labels.push((span, label.into()));
        self
    }

    pub(super) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Suggests the candidate that is most similar to `name`, if any is similar.
    pub(super) fn suggest<'c>(self, name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Self {
        match nearest(name, candidates, name.chars().count().div_ceil(3)) {
            Some(candidate) => self.help(format!("did you mean `{candidate}`?")),
            None => self,
        }
    }

    /// For a name that is missing: suggests that a similar name, which is present, is a misspelling of it.
    pub(super) fn suggest_instead_of<'c>(self, present: impl IntoIterator<Item = &'c str>, missing: &str) -> Self {
        // Fewer edits than above: the name that is present may well be right, as `Role` is where `Code` is missing.
        match nearest(missing, present, missing.chars().count() / 3) {
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

/// The part of `span` that is in its first line. The span of a map or a list goes on to where the next value starts, which is too much to
/// underline.
fn first_line(span: SourceSpan, text: &str) -> SourceSpan {
    let marked = text.get(span.offset()..span.offset() + span.len()).unwrap_or_default();
    let line = marked.split(LINE_ENDS).next().unwrap_or_default().trim_end();
    (span.offset(), line.len()).into()
}

/// The candidate that takes the fewest edits to become `name`, if they are few enough for a typing mistake: `limit` at most.
fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>, limit: usize) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|candidate| (edits(name, candidate), candidate))
        .filter(|&(edits, _)| edits <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// The Levenshtein distance, ignoring case.
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
